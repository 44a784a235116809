#include "backends/selinux/rules.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <tuple>

#include "backends/selinux/names.h"
#include "backends/selinux/vocabulary.h"

namespace macc::backends::selinux {
namespace {

using cil::form;
using cil::Node;

Node condition_node(const ir::Policy& policy, const ir::Condition& condition) {
  using Kind = ir::Condition::Kind;
  if (condition.kind == Kind::boolean) return Node::symbol(policy.boolean(condition.boolean).name);
  if (condition.kind == Kind::negation) return form("not", condition_node(policy, condition.operands.at(0)));
  const char* word = condition.kind == Kind::conjunction ? "and" : "or";
  // CIL joins two at a time.
  Node joined = condition_node(policy, condition.operands.at(0));
  for (std::size_t i = 1; i < condition.operands.size(); ++i)
    joined = form(word, std::move(joined), condition_node(policy, condition.operands[i]));
  return joined;
}

Node context(const Module& module, std::string_view type, const Level& level = {}) {
  return form(module.user, module.object_role, type, form(level.node(), level.node()));
}

Node vector_node(RuleKind kind, const VectorKey& key, const std::set<std::string>& permissions) {
  return form(keyword(kind), key.source, key.target, form(key.class_name, Node::symbols(permissions)));
}

Node transition_node(const TransitionKey& key, const std::string& result) {
  if (key.name.empty()) return form("typetransition", key.source, key.target, key.class_name, result);
  return form("typetransition", key.source, key.target, key.class_name, Node::quoted(key.name), result);
}

/// Takes the parts of a module.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual void section(std::string_view title) = 0;
  virtual void comment(std::string_view text) = 0;
  virtual void statement(const Node& node, Span span) = 0;
  virtual void raw(const std::string& text, Span span) = 0;
};

class TextSink final : public Sink {
 public:
  TextSink(const SourceManager& sources, std::string_view header) : sources_(sources) { out_.comment(header); }
  void section(std::string_view title) override {
    out_.blank();
    out_.comment(title);
  }
  void comment(std::string_view text) override { out_.comment(text); }
  void statement(const Node& node, Span span) override {
    if (span.valid())
      out_.write_at(node, sources_.file(span.file).stable_path(), sources_.position(span).line);
    else
      out_.write(node);
  }
  void raw(const std::string& text, Span span) override {
    out_.write_raw(text, span.valid() ? sources_.file(span.file).stable_path() : "", sources_.position(span).line);
  }
  [[nodiscard]] const std::string& text() const { return out_.text(); }

 private:
  const SourceManager& sources_;
  cil::Writer out_;
};

class VisitSink final : public Sink {
 public:
  explicit VisitSink(const std::function<void(const Node&, Span)>& visit) : visit_(visit) {}
  void section(std::string_view) override {}
  void comment(std::string_view) override {}
  void statement(const Node& node, Span span) override { visit_(node, span); }
  void raw(const std::string&, Span) override {}

 private:
  const std::function<void(const Node&, Span)>& visit_;
};

/// Writes the parts of a module in a fixed order.
class Emitter {
 public:
  Emitter(const Module& module, Sink& sink) : module_(module), sink_(sink), dispensable_(dispensable_types(module)) {}

  void run() {
    section("types", !module_.types.empty());
    types();
    section("booleans", !module_.booleans.empty());
    for (const auto& [name, boolean] : module_.booleans) {
      for (const std::string_view line : lines_of(boolean.doc)) sink_.comment(line);
      write(form("boolean", name, boolean.value ? "true" : "false"), boolean.span);
    }
    section("rules", true);
    for (const auto& [name, set] : module_.attribute_sets) {
      write(form("typeattribute", name), set.second);
      write(form("typeattributeset", name, set.first), set.second);
    }
    never_allows();
    for (const auto& [kind, guarded] : module_.vectors) {
      if (kind == RuleKind::never_allow) continue;
      for (const auto& [guard, vectors] : guarded)
        for (const auto& [key, value] : vectors)
          write_about(key.target, guarded_node(guard, vector_node(kind, key, value.permissions)), value.span);
    }
    for (const auto& [type, optional] : optionals_) write(optional.first, optional.second);
    transitions();
    for (const auto& [key, value] : module_.range_transitions)
      write(range_transition_node(key.first, key.second, value.first), value.second);
    labels();
    section("raw text", !module_.raw.empty());
    for (const auto& [text, span] : module_.raw) sink_.raw(text, span);
  }

 private:
  void section(std::string_view title, bool wanted) {
    if (wanted) sink_.section(title);
  }

  void write(const Node& node, Span span) { sink_.statement(node, span); }

  void never_allows() {
    const auto kind = module_.vectors.find(RuleKind::never_allow);
    if (kind == module_.vectors.end()) return;
    const Promises promises = promises_of(kind->second.at(Guard()), dispensable_);
    for (const auto& group : promises.groups) {
      write(form("typeattribute", group.attribute), group.span);
      Node needed = Node::list({});
      for (const auto& type : group.types)
        if (dispensable_.contains(type))
          write_about(type, form("typeattributeset", group.attribute, form(type)), group.span);
        else
          needed.add(Node::symbol(type));
      if (!needed.items().empty()) write(form("typeattributeset", group.attribute, std::move(needed)), group.span);
    }
    for (const auto& rule : promises.rules)
      write(vector_node(RuleKind::never_allow, rule.key, rule.permissions), rule.span);
  }

  void transitions() {
    for (const auto& [guard, list] : placed_transitions(module_))
      for (const auto& [key, value] : list) write_guarded(guard, transition_node(key, value.result), value.span);
  }

  void write_guarded(const Guard& guard, Node node, Span span) { write(guarded_node(guard, std::move(node)), span); }

  static Node guarded_node(const Guard& guard, Node node) {
    if (guard.is_always()) return node;
    return form("booleanif", guard.node(), form("true", std::move(node)));
  }

  /// Writes a statement about a type, or keeps it for the type's optional block.
  void write_about(const std::string& type, Node node, Span span) {
    if (!dispensable_.contains(type)) return write(node, span);
    const auto [at, fresh] = optionals_.try_emplace(type);
    if (fresh) at->second = {form("optional", optional_name(module_, type)), span};
    at->second.first.add(std::move(node));
  }

  void types() {
    std::map<std::string, std::vector<std::pair<std::string, Span>>> members;
    for (const auto& [name, declaration] : module_.types) {
      write(form("type", name), declaration.span);
      for (const auto& attribute : declaration.attributes) members[attribute].push_back({name, declaration.span});
    }
    for (const auto& [role, type] : module_.role_types) write(form("roletype", role, type), {});
    for (const auto& [attribute, list] : members)
      for (const auto& [type, span] : list) write(form("typeattributeset", attribute, form(type)), span);
    for (const auto& [type, span] : module_.permissive) write(form("typepermissive", type), span);
  }

  void labels() {
    section("labels", !module_.file_contexts.empty() || !module_.ports.empty());
    for (const auto& fc : module_.file_contexts) {
      Node label = fc.type.empty() ? Node::list({}) : context(module_, fc.type, fc.level);
      write(form("filecon", Node::quoted(fc.regex), word_of(fc.kinds), std::move(label)), fc.span);
    }
    for (const auto& port : module_.ports) {
      Node range = port.range.first == port.range.last
                       ? Node::symbol(std::to_string(port.range.first))
                       : form(std::to_string(port.range.first), std::to_string(port.range.last));
      write(form("portcon", ir::word(port.protocol), std::move(range), context(module_, port.type)), port.span);
    }
  }

  const Module& module_;
  Sink& sink_;
  const std::set<std::string> dispensable_;
  std::map<std::string, std::pair<Node, Span>> optionals_;  // by type; the place is that of the first statement
};

void add_symbols(const Node& node, std::set<std::string>& names) {
  if (node.items().empty()) names.insert(node.text());
  for (const Node& item : node.items()) add_symbols(item, names);
}

constexpr BaselineInfo kBaselines[] = {
#define MACC_BASELINE(name, key, text) {key, text},
#include "backends/selinux/baselines.def"
#undef MACC_BASELINE
};

}  // namespace

const BaselineInfo& info(Baseline baseline) { return kBaselines[static_cast<std::size_t>(baseline)]; }

Guard Guard::of(const ir::Policy& policy, const ir::Condition& condition) {
  if (condition.is_always()) return {};
  return Guard(condition_node(policy, condition));
}

Guard Guard::both(const Guard& other) const {
  if (is_always()) return other;
  if (other.is_always() || *this == other) return *this;
  return Guard(form("and", *node_, *other.node_));
}

Guard Guard::but_not(const Guard& other) const {
  Node negated = form("not", other.node());
  if (is_always()) return Guard(std::move(negated));
  return Guard(form("and", *node_, std::move(negated)));
}

void add_vector(Module& module, RuleKind kind, const Guard& guard, const VectorKey& key,
                const std::vector<std::string_view>& permissions, const Origin& origin) {
  if (!permissions.empty() && !key.source.empty() && !key.target.empty())
    module.vectors[kind][guard][key].add(permissions, origin);
}

void VectorValue::add(const std::vector<std::string_view>& more, const Origin& origin) {
  if (permissions.empty()) span = origin.span;
  auto ask = std::find_if(asks.begin(), asks.end(), [&](const Ask& known) { return known.origin == origin; });
  if (ask == asks.end()) ask = asks.insert(asks.end(), {origin, 0});
  for (std::string_view permission : more) {
    const auto [at, fresh] = permissions.emplace(permission);
    const auto index = static_cast<unsigned>(std::distance(permissions.begin(), at));
    if (fresh) make_room(index);
    ask->permissions |= std::uint32_t{1} << index;
  }
}

void VectorValue::keep(const std::function<bool(const std::string&)>& is_wanted) {
  const VectorValue whole = std::move(*this);
  *this = {};
  span = whole.span;
  for (const std::string& permission : whole.permissions) {
    if (!is_wanted(permission)) continue;
    for (const Origin& origin : whole.origins_of(permission)) add({permission}, origin);
  }
  if (!permissions.empty()) span = whole.span;
}

/// The bits from `index` on move up by one.
void VectorValue::make_room(unsigned index) {
  if (permissions.size() > 32) throw std::length_error("a class has at most 32 permissions");
  const std::uint32_t below = (std::uint32_t{1} << index) - 1;
  for (Ask& known : asks) known.permissions = (known.permissions & below) | ((known.permissions & ~below) << 1);
}

std::vector<Origin> VectorValue::origins_of(const std::string& permission) const {
  std::vector<Origin> list;
  const auto at = permissions.find(permission);
  if (at == permissions.end()) return list;
  const auto index = static_cast<unsigned>(std::distance(permissions.begin(), at));
  for (const Ask& ask : asks)
    if ((ask.permissions >> index & 1) != 0) list.push_back(ask.origin);
  return list;
}

std::set<std::string> granted(const Module& module, const VectorKey& key) {
  std::set<std::string> all;
  auto kind = module.vectors.find(RuleKind::allow);
  if (kind == module.vectors.end()) return all;
  for (const auto& [guard, vectors] : kind->second)
    if (auto it = vectors.find(key); it != vectors.end())
      all.insert(it->second.permissions.begin(), it->second.permissions.end());
  return all;
}

std::string to_cil(const Module& module, const SourceManager& sources, std::string_view header) {
  TextSink sink(sources, header);
  Emitter(module, sink).run();
  return sink.text();
}

void for_each_statement(const Module& module, const std::function<void(const cil::Node&, Span)>& visit) {
  VisitSink sink(visit);
  Emitter(module, sink).run();
}

std::map<Guard, std::map<TransitionKey, TransitionValue>> placed_transitions(const Module& module) {
  std::map<TransitionKey, int> places;
  for (const auto& [guard, list] : module.transitions)
    for (const auto& [key, value] : list) places[key] += guard.is_always() ? 2 : 1;
  std::map<Guard, std::map<TransitionKey, TransitionValue>> placed;
  for (const auto& [guard, list] : module.transitions)
    for (const auto& [key, value] : list)
      placed[places[key] > 1 || !key.name.empty() ? Guard() : guard].emplace(key, value);
  return placed;
}

std::string_view keyword(RuleKind kind) {
  switch (kind) {
    case RuleKind::allow:
      return "allow";
    case RuleKind::audit_allow:
      return "auditallow";
    case RuleKind::dont_audit:
      return "dontaudit";
    case RuleKind::never_allow:
      return "neverallow";
  }
  return "";
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::set<std::string> dispensable_types(const Module& module) {
  std::set<std::string> types, needed = {"self"};
  for (const auto& [kind, guarded] : module.vectors) {
    const bool is_denial = kind == RuleKind::dont_audit || kind == RuleKind::never_allow;
    for (const auto& [guard, vectors] : guarded)
      for (const auto& [key, value] : vectors) {
        needed.insert(key.source);
        (is_denial ? types : needed).insert(key.target);
      }
  }
  for (const auto& [type, declaration] : module.types) needed.insert(type);
  for (const auto& [attribute, set] : module.attribute_sets) {
    needed.insert(attribute);
    add_symbols(set.first, needed);
  }
  for (const auto& [role, type] : module.role_types) needed.insert(type);
  for (const auto& [guard, list] : module.transitions)
    for (const auto& [key, value] : list) needed.insert({key.source, key.target, value.result});
  for (const auto& [key, value] : module.range_transitions) needed.insert({key.first, key.second});
  for (const FileContext& context : module.file_contexts) needed.insert(context.type);
  std::erase_if(types, [&](const std::string& type) { return needed.contains(type); });
  return types;
}

std::string optional_name(const Module& module, std::string_view type) {
  return "macc_" + module_file(module.name) + "_about_" + std::string(type);
}

Promises promises_of(const std::map<VectorKey, VectorValue>& vectors, const std::set<std::string>& dispensable) {
  constexpr std::size_t kFewTypes = 4;
  using Subject = std::tuple<Span, std::string, std::string, std::set<std::string>>;
  std::map<Subject, std::set<std::string>> subjects;
  for (const auto& [key, value] : vectors)
    subjects[{value.span, key.source, key.class_name, value.permissions}].insert(key.target);
  Promises promises;
  std::map<std::set<std::string>, std::string> attributes;
  for (const auto& [subject, targets] : subjects) {
    const auto& [span, source, class_name, permissions] = subject;
    std::set<std::string> alone = targets, shared;
    const bool in_blocks =
        std::any_of(targets.begin(), targets.end(), [&](const auto& type) { return dispensable.contains(type); });
    if (in_blocks || targets.size() >= kFewTypes) alone.swap(shared);
    // The domain itself is in no attribute of others.
    if (shared.erase("self") != 0) alone.insert("self");
    for (const auto& target : alone) promises.rules.push_back({{source, target, class_name}, permissions, span});
    if (shared.empty()) continue;
    const std::string name = "macc_never_" + source + "_" + std::to_string(attributes.size() + 1);
    const auto [it, fresh] = attributes.try_emplace(shared, name);
    if (fresh) promises.groups.push_back({name, shared, span});
    promises.rules.push_back({{source, it->second, class_name}, permissions, span});
  }
  return promises;
}

cil::Node range_transition_node(const std::string& source, const std::string& exec, const Range& range) {
  return form("rangetransition", source, exec, "process", range.node());
}

std::string object_context(const Module& module, std::string_view type) {
  return module.user + ":" + module.object_role + ":" + std::string(type);
}

std::string to_file_contexts(const Module& module) {
  std::string out;
  for (const auto& fc : module.file_contexts) {
    out += fc.regex + "\t";
    if (const std::string_view flag = flag_of(fc.kinds); !flag.empty()) out.append(flag).append("\t");
    const std::string level = module.levels ? ":" + fc.level.text() : "";
    out += fc.type.empty() ? "<<none>>\n" : object_context(module, fc.type) + level + "\n";
  }
  return out;
}

}  // namespace macc::backends::selinux
