// The statements of one CIL module while they are collected: access vectors merged by what they are about, type
// transitions, declarations. Everything is kept sorted, so that the same policy gives the same text.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/cil.h"
#include "backends/selinux/kinds.h"
#include "backends/selinux/levels.h"
#include "backends/selinux/origin.h"
#include "compiler/base/source.h"
#include "compiler/ir/policy.h"

namespace macc::backends::selinux {

class LineOrigins;

/// A condition as CIL text without outer list for one boolean: "(and a (not b))"; "" is always.
class Guard {
 public:
  Guard() = default;
  [[nodiscard]] static Guard of(const ir::Policy& policy, const ir::Condition& condition);
  [[nodiscard]] Guard both(const Guard& other) const;
  [[nodiscard]] Guard but_not(const Guard& other) const;
  [[nodiscard]] bool is_always() const { return !node_; }
  [[nodiscard]] const cil::Node& node() const { return *node_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  friend bool operator==(const Guard& a, const Guard& b) { return a.text_ == b.text_; }
  friend auto operator<=>(const Guard& a, const Guard& b) { return a.text_ <=> b.text_; }

 private:
  explicit Guard(cil::Node node) : text_(node.text()), node_(std::move(node)) {}
  std::string text_;
  std::optional<cil::Node> node_;
};

enum class RuleKind : std::uint8_t { allow, audit_allow, dont_audit, never_allow };

/// As CIL and the module language call it.
[[nodiscard]] std::string_view keyword(RuleKind kind);

struct VectorKey {
  std::string source, target, class_name;
  friend auto operator<=>(const VectorKey&, const VectorKey&) = default;
};

/// One origin and the permissions that it asked for.
struct Ask {
  Origin origin;
  std::uint32_t permissions = 0;  ///< bit i: the i-th of the vector's permissions, in their order
};

struct VectorValue {
  std::set<std::string> permissions;  ///< at most 32, as a class has in the kernel
  Span span;                          ///< of the first rule that asked
  std::vector<Ask> asks;              ///< each origin once, in the order in which they came

  /// Throws std::length_error when there are more than 32.
  void add(const std::vector<std::string_view>& more, const Origin& origin);
  /// Drops the permissions that are not wanted.
  void keep(const std::function<bool(const std::string&)>& is_wanted);
  /// Who asked for a permission; empty when nobody did.
  [[nodiscard]] Origins origins_of(const std::string& permission) const;
  /// Who asked for any of them.
  [[nodiscard]] Origins origins() const;

 private:
  void make_room(unsigned index);
};

struct TransitionKey {
  std::string source, target, class_name, name;  ///< name: "" for any
  friend auto operator<=>(const TransitionKey&, const TransitionKey&) = default;
};

struct TransitionValue {
  std::string result;
  Span span;        ///< of one that asked
  Origins origins;  ///< all that asked
};

/// A file context; an empty type is <<none>>.
struct FileContext {
  std::string regex;
  Kinds kinds = kinds::all;  ///< all, or one
  std::string type;
  Span span;             ///< of one that asked
  Level level = {};      ///< s0 unless the resource has another
  Origins origins = {};  ///< all that asked: resources, entries, rules that tell paths apart
};

struct PortLabel {
  ir::Protocol protocol{};
  ir::PortRange range;
  std::string type;
  Span span;  ///< of one that asked
  Origins origins;
};

struct Declaration {
  Span span;
  std::set<std::string> attributes;
  std::string what;  ///< "resource config of acme.ledger.ledgerd", for messages
  Span cut = {};     ///< the rule that tells these paths from the rest of their resource; invalid for none
  /// Who asked for an attribute; nobody for those that all such types are in.
  std::map<std::string, Origins> joined = {};
};

struct BooleanDeclaration {
  bool value = false;
  std::string doc;  ///< what a policy says of it; may be empty
  Span span;
};

/// An attribute of our own.
struct OwnAttribute {
  cil::Node expression;
  Span span;  ///< of one that asked
  Origins origins;
};

struct RangeTransition {
  Range range;
  Span span;  ///< of one that asked
  Origins origins;
};

/// A text of the raw door, with its names filled in.
struct RawLines {
  std::string text;
  Span span;           ///< of the statement
  std::string source;  ///< as written; it has the same lines
  Span body;           ///< where that stands; invalid when it is not known
};

/// One module as the system's store knows it: a CIL file, or a module package.
struct Module {
  std::string name;
  std::string user, object_role;  ///< of labels
  bool levels = true;             ///< whether labels have levels on the system
  std::map<std::string, Declaration> types;
  /// (role, type) -> who asked; nobody for the role of objects, which every type has
  std::map<std::pair<std::string, std::string>, Origins> role_types;
  std::map<std::string, BooleanDeclaration> booleans;
  std::map<RuleKind, std::map<Guard, std::map<VectorKey, VectorValue>>> vectors;
  std::map<Guard, std::map<TransitionKey, TransitionValue>> transitions;
  std::map<std::string, OwnAttribute> attribute_sets;
  /// (source, executable) -> the range that what is started runs at
  std::map<std::pair<std::string, std::string>, RangeTransition> range_transitions;
  std::map<std::string, Span> permissive;
  std::vector<FileContext> file_contexts;
  std::vector<PortLabel> ports;
  std::vector<RawLines> raw;
  std::vector<std::pair<std::string, std::string>> subjects;  ///< (domain type, exec type), for the header
};

/// Adds permissions to a vector. An empty list adds nothing, nor does a name that the system's policy does not have
/// ("").
void add_vector(Module& module, RuleKind kind, const Guard& guard, const VectorKey& key,
                const std::vector<std::string_view>& permissions, const Origin& origin);

/// Says what a transition leads to. A second one of the same words takes the place of the first and keeps its origins.
void add_transition(Module& module, const Guard& guard, const TransitionKey& key, const std::string& result,
                    const Origin& origin);

/// Permissions of an unconditional or a conditional allow of this key, any guard.
[[nodiscard]] std::set<std::string> granted(const Module& module, const VectorKey& key);

/// Transitions under the condition that they are written under: a transition stands under one condition or under none,
/// since libsepol refuses it in several places, and one with a name under none.
[[nodiscard]] std::map<Guard, std::map<TransitionKey, TransitionValue>> placed_transitions(const Module& module);

/// Types of the system that only denials and promises of the module name. The module has to go in where they are
/// missing, for there is nothing to keep it from: the system may be another one, and a module that is built apart may
/// replace what declares them. So what is said about each stands in an optional block of its own.
[[nodiscard]] std::set<std::string> dispensable_types(const Module& module);

/// The name of such a block.
[[nodiscard]] std::string optional_name(const Module& module, std::string_view type);

/// Promises about whole trees name hundreds of types: those of one source, class and set of permissions share an
/// attribute. In a list, semodule would make a rule of each. Dispensable types stand in attributes only.
struct Promises {
  struct Group {
    std::string attribute;
    std::set<std::string> types;  ///< the dispensable ones, too
    Span span;
    Origins origins;
  };
  struct Rule {
    VectorKey key;  ///< the target is a type, "self" or the attribute of a group
    std::set<std::string> permissions;
    Span span;
    Origins origins;
  };
  std::vector<Group> groups;
  std::vector<Rule> rules;
};
[[nodiscard]] Promises promises_of(const std::map<VectorKey, VectorValue>& vectors,
                                   const std::set<std::string>& dispensable);

/// What `source` starts from `exec` runs in the range.
[[nodiscard]] cil::Node range_transition_node(const std::string& source, const std::string& exec, const Range& range);

/// The lines of a text; none of an empty one.
[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

/// "system_u:object_r:TYPE"
[[nodiscard]] std::string object_context(const Module& module, std::string_view type);

/// Calls `visit` for each statement of the file, in the order of the text. Raw texts are not among them.
void for_each_statement(const Module& module, const std::function<void(const cil::Node&, Span)>& visit);

/// The text of the file. `sources` gives the lines for the marks; `lines`, where there are some, learn what each line
/// is there for.
[[nodiscard]] std::string to_cil(const Module& module, const SourceManager& sources, std::string_view header,
                                 LineOrigins* lines = nullptr);
/// The file contexts as a .fc file for review, as the system would list them, a line each in their order.
[[nodiscard]] std::string to_file_contexts(const Module& module);

}  // namespace macc::backends::selinux
