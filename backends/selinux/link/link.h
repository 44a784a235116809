// Linking: our CIL modules together with the policy of a system, by libsepol's own compiler, in a process of its own.
// This folder is the only place that knows libsepol and libselinux.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macc::backends::selinux {

/// One text of CIL. Statements between `;;* lmx LINE FILE` and `;;* lme` are reported at that line of that file.
struct CilModule {
  std::string name;  ///< not empty, no white space; shown in messages
  std::string text;
};

/// A place that the linker named. `file` is the name of a mark, of one of our modules, or of a module of the base.
struct LinkPlace {
  std::string file;
  std::uint32_t line = 0;  ///< 1-based; 0 when it is not known, as for every place in the base
  bool in_base = false;

  friend bool operator==(const LinkPlace&, const LinkPlace&) = default;
};

/// What the linker complained about.
enum class LinkProblem : std::uint8_t {
  unresolved_name,    ///< `subject` is declared nowhere
  redeclared,         ///< `subject` is declared in the base, or twice by us
  filecon,            ///< two file contexts with the same text and different contexts; `subject` is the regex
  pattern,            ///< a file context whose text is no regular expression
  portcon,            ///< the same port range with two contexts
  transition,         ///< two transitions from the same types to different ones
  neverallow,         ///< a rule that a neverallow of the base or of ours forbids; `subject` is the neverallow
  context,            ///< a context that the policy does not permit (role without the type, unknown level)
  bounds,             ///< a bounded type has more than its parent
  syntax,             ///< CIL that cannot be read or is no statement
  optional_left_out,  ///< an optional block of ours vanished, since a name in it is unknown; the link goes on
  linker_failed,      ///< libsepol crashed, ran out of memory or took too long
  other,
};

struct LinkMessage {
  enum class Level : std::uint8_t { error, warning } level = Level::error;
  LinkProblem problem = LinkProblem::other;
  std::string text;                ///< one sentence, printable
  std::string subject;             ///< printable; "" where `problem` names none
  std::vector<LinkPlace> places;   ///< ours first; may be empty. neverallow: the rules, then the neverallow itself
  std::vector<std::string> rules;  ///< neverallow: the rules that break it, "(allow a b (file (read)))"
};

struct PortContext {
  std::string protocol;  ///< "tcp", "udp", "dccp", "sctp"
  std::uint16_t low = 0;
  std::uint16_t high = 0;  ///< inclusive
  std::string type;
};

/// A file system whose files get their labels by path ("/" for all of it) and class, not from the disk.
struct GenfsContext {
  std::string fstype;      ///< "proc"
  std::string path;        ///< "/", "/sys/kernel"
  std::string class_name;  ///< "" for objects of any class
  std::string type;
};

/// How the labels of a file system come to be.
struct FsUse {
  std::string kind;  ///< "xattr" (stored with the file), "task" (the creator's), "trans" (a transition)
  std::string fstype;
  std::string type;
};

struct PolicyUser {
  std::string name;
  std::vector<std::string> roles;  ///< sorted
  std::string level;               ///< the default one, "s0"; "" without levels, as `low` and `high`
  std::string low, high;           ///< of the range, "s0", "s0:c0.c1023"
};

struct PolicyBoolean {
  std::string name;
  bool value = false;  ///< what it is when nobody sets it
};

/// A folder that is labelled as another one: paths are rewritten before they are looked up, so that a file context
/// written for `from` never matches.
struct LabelAlias {
  std::string from, to;

  friend bool operator==(const LabelAlias&, const LabelAlias&) = default;
};

/// What a base is to be made from.
struct ImportRequest {
  /// A folder of packages (*.pp, *.pp.bz2, *.cil), a module store, /etc/selinux/NAME, or a binary policy; "" for the
  /// policy of the system below `root`: its module store, else its packages, else its binary policy.
  std::string from;
  std::string policy;  ///< its name; "" for the one that /etc/selinux/config names
  std::string root;    ///< the system's root folder; "" for this system
};

struct PolicySource;  // for this folder only
class Base;

/// A base, or the reason why there is none (one sentence for the user).
struct BaseOrReason {
  std::shared_ptr<const Base> base;
  std::string reason;
};

/// The files and folders of this machine that Base::installed() looks at, whether they are there or not.
[[nodiscard]] std::vector<std::string> installed_places(std::string_view name);

/// The policy of a system, ready to be linked with. Immutable.
class Base {
 public:
  /// The policy that is installed as `/usr/share/selinux/<name>/*.pp.bz2` (or *.pp), without the modules in
  /// `leave_out`. The first use takes about 6 seconds; then it is read from a cache in the user's cache folder.
  [[nodiscard]] static BaseOrReason installed(std::string_view name = "default",
                                              const std::vector<std::string>& leave_out = {});
  /// As installed(), from any folder of module packages. Without `use_cache` nothing is read from or written to a
  /// cache.
  [[nodiscard]] static BaseOrReason from_folder(const std::string& folder,
                                                const std::vector<std::string>& leave_out = {}, bool use_cache = true);
  /// From any place where a system keeps its policy, with what `semanage` changed there. Takes some seconds; uses no
  /// cache. Modules in `leave_out` are not taken; a binary policy has none.
  [[nodiscard]] static BaseOrReason import(const ImportRequest& request,
                                           const std::vector<std::string>& leave_out = {});
  /// A base file (docs/base-format.md): opens in some milliseconds. The reason is a clause about the file, "it is
  /// damaged (its checksum does not fit)"; any bytes do.
  [[nodiscard]] static BaseOrReason from_file(const std::string& path);
  [[nodiscard]] static BaseOrReason from_bytes(std::string_view bytes);
  /// The base as such a file. The same base gives the same bytes.
  [[nodiscard]] std::string to_bytes() const;
  /// A small policy of our own for machines without one. It has the names that the standard library and the lowering
  /// use, the reference policy's neverallows that matter to services, and hardly any rule.
  [[nodiscard]] static std::shared_ptr<const Base> skeleton();

  /// "the installed Debian policy 2:2.20221101-9 (331 modules)", "the bundled skeleton".
  [[nodiscard]] const std::string& description() const;
  [[nodiscard]] bool is_skeleton() const;
  /// The folder or file that it was made from; "" for the skeleton.
  [[nodiscard]] const std::string& origin() const;
  /// What a user of this base has to know about what is not in it, a sentence each: "neverallows are not in a binary
  /// policy, so none of the system's are checked".
  [[nodiscard]] const std::vector<std::string>& notices() const;
  /// The policy's own switches ("open_perms"), sorted.
  [[nodiscard]] const std::vector<std::string>& capabilities() const;

  /// Names, all sorted. Aliases count as types.
  [[nodiscard]] bool has_type(std::string_view name) const;
  [[nodiscard]] bool has_attribute(std::string_view name) const;
  [[nodiscard]] bool has_boolean(std::string_view name) const;
  [[nodiscard]] bool has_role(std::string_view name) const;
  [[nodiscard]] bool has_user(std::string_view name) const;
  /// Whether its contexts have levels: policies of TYPE=standard have none.
  [[nodiscard]] bool has_levels() const;
  [[nodiscard]] bool has_sensitivity(std::string_view name) const;
  [[nodiscard]] bool has_category(std::string_view name) const;
  /// A module that is part of this base (one that was left out is not).
  [[nodiscard]] bool has_module(std::string_view name) const;
  /// The modules of the policy that were left out when the base was made, the types that only they declare, and the
  /// regular expressions of their file contexts.
  [[nodiscard]] const std::vector<std::string>& left_out() const;
  [[nodiscard]] const std::vector<std::string>& left_out_types() const;
  [[nodiscard]] const std::vector<std::string>& left_out_contexts() const;
  /// A permission of a class, its common permissions included.
  [[nodiscard]] bool has_permission(std::string_view class_name, std::string_view permission) const;
  [[nodiscard]] const std::vector<std::string>& types() const;  ///< without aliases
  [[nodiscard]] const std::vector<std::string>& modules() const;
  /// The type itself, or the one that an alias stands for; "" when there is none.
  [[nodiscard]] std::string canonical_type(std::string_view name) const;
  /// The types in an attribute, sorted; empty for an unknown attribute.
  [[nodiscard]] std::vector<std::string> types_in(std::string_view attribute) const;
  /// The attributes that a type is in, sorted.
  [[nodiscard]] std::vector<std::string> attributes_of(std::string_view type) const;
  /// The roles that a type may be entered with, sorted.
  [[nodiscard]] std::vector<std::string> roles_of(std::string_view type) const;
  /// As the policy has them, sorted by protocol, low, high.
  [[nodiscard]] const std::vector<PortContext>& ports() const;
  /// The type of a port: that of the narrowest range; nothing when only the default of all ports holds.
  [[nodiscard]] std::optional<std::string> port_type(std::string_view protocol, std::uint16_t port) const;
  /// The base's file contexts as the linker writes them (HOME_DIR lines unexpanded), for lookup() and label planning.
  [[nodiscard]] const std::string& file_contexts() const;
  /// The administrator's own lines (file_contexts.local), which are tried before all others.
  [[nodiscard]] const std::string& local_file_contexts() const;
  /// The folders that this system labels as others, in the order in which they are tried: the first one that a path is
  /// in, counts. Debian's where the base came without any of its own.
  [[nodiscard]] const std::vector<LabelAlias>& label_aliases() const;
  [[nodiscard]] const std::vector<GenfsContext>& genfs_contexts() const;  ///< sorted by file system, path, class
  [[nodiscard]] const std::vector<FsUse>& fs_uses() const;                ///< sorted by file system
  [[nodiscard]] const std::vector<PolicyUser>& users() const;             ///< sorted by name
  [[nodiscard]] const std::vector<PolicyBoolean>& booleans() const;       ///< sorted by name
  [[nodiscard]] const std::vector<std::string>& sensitivities() const;    ///< from low to high
  [[nodiscard]] const std::vector<std::string>& categories() const;       ///< in the policy's order
  /// As CIL, "(neverallow a_t b_t (file (read)))", in the policy's order.
  [[nodiscard]] const std::vector<std::string>& neverallows() const;
  /// The base's roles, role attributes excluded, sorted.
  [[nodiscard]] std::vector<std::string> roles() const;
  [[nodiscard]] std::vector<std::string> attributes() const;                                 ///< sorted
  [[nodiscard]] std::vector<std::string> classes() const;                                    ///< sorted
  [[nodiscard]] std::vector<std::string> permissions_of(std::string_view class_name) const;  ///< sorted
  [[nodiscard]] std::vector<std::string> aliases_of(std::string_view type) const;            ///< sorted

  /// How an attribute is defined, as CIL: "(a_t b_t)", "(and (domain) (not (a_t)))".
  [[nodiscard]] std::vector<std::string> expressions_of(std::string_view attribute) const;
  /// The conditional statements of a boolean, as CIL.
  [[nodiscard]] std::vector<std::string> conditions_on(std::string_view boolean) const;
  /// How many rules of each kind there are: "allow", "typetransition". Rules of the same types and class count as one.
  [[nodiscard]] std::vector<std::pair<std::string, std::size_t>> rule_counts() const;

  struct Data;
  explicit Base(std::unique_ptr<const Data> data);
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;
  ~Base();
  [[nodiscard]] const Data& data() const { return *data_; }  ///< for this folder only

 private:
  static BaseOrReason from_source(const PolicySource& source, const std::vector<std::string>& leave_out,
                                  bool use_cache);

  std::unique_ptr<const Data> data_;
};

struct LinkOptions {
  bool neverallow = true;
  /// Links with every rule of the base. Otherwise rules among types of the base alone are left out where nothing in our
  /// modules can meet them: about three times as fast, with the same messages and the same access of our own types.
  bool whole_base = false;
  std::chrono::seconds time_limit{120};
};

struct LinkResult {
  bool ok = false;
  std::vector<LinkMessage> messages;
  std::string image;          ///< the binary policy, for access.h; empty unless ok
  bool whole = false;         ///< whether `image` has every rule of the base
  std::string file_contexts;  ///< the base's and ours, as they would be installed; empty unless ok
};

/// Compiles `base` and `modules` as `semodule -i` would, but with neverallow checked. A type, attribute, role or
/// boolean of ours that the base already has is an error. The same input gives the same bytes; the order of modules is
/// of no importance. Never throws for what is in the modules; a crash of libsepol is a message.
[[nodiscard]] LinkResult link(const Base& base, const std::vector<CilModule>& modules, const LinkOptions& options = {});

/// Whether a file begins as a base does.
[[nodiscard]] bool is_base_file(const std::string& path);

/// Whether a name can be that of a system's policy ("default", "targeted").
[[nodiscard]] bool is_policy_name(std::string_view name);

/// "libsepol 3.4".
[[nodiscard]] std::string linker_name();

}  // namespace macc::backends::selinux
