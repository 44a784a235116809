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

class Base;

/// A base, or the reason why there is none (one sentence for the user).
struct BaseOrReason {
  std::shared_ptr<const Base> base;
  std::string reason;
};

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
  /// A small policy of our own for machines without one. It has the names that the standard library and the lowering
  /// use, the reference policy's neverallows that matter to services, and hardly any rule.
  [[nodiscard]] static std::shared_ptr<const Base> skeleton();

  /// "the installed Debian policy 2:2.20221101-9 (331 modules)", "the bundled skeleton".
  [[nodiscard]] const std::string& description() const;
  [[nodiscard]] bool is_skeleton() const;

  /// Names, all sorted. Aliases count as types.
  [[nodiscard]] bool has_type(std::string_view name) const;
  [[nodiscard]] bool has_attribute(std::string_view name) const;
  [[nodiscard]] bool has_boolean(std::string_view name) const;
  [[nodiscard]] bool has_role(std::string_view name) const;
  [[nodiscard]] bool has_user(std::string_view name) const;
  [[nodiscard]] bool has_sensitivity(std::string_view name) const;
  [[nodiscard]] bool has_category(std::string_view name) const;
  /// A module that is part of this base (one that was left out is not).
  [[nodiscard]] bool has_module(std::string_view name) const;
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

  struct Data;
  explicit Base(std::unique_ptr<const Data> data);
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;
  ~Base();
  [[nodiscard]] const Data& data() const { return *data_; }  ///< for this folder only

 private:
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

/// "libsepol 3.4".
[[nodiscard]] std::string linker_name();

}  // namespace macc::backends::selinux
