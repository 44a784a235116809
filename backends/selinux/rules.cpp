#include "backends/selinux/rules.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <tuple>

#include "backends/selinux/causes.h"
#include "backends/selinux/line_origins.h"
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
  /// Whether causes are wanted; else they are empty.
  [[nodiscard]] virtual bool wants_causes() const = 0;
  virtual void section(std::string_view title) = 0;
  virtual void comment(std::string_view text, const Cause& cause) = 0;
  virtual void statement(const Node& node, Span span, const Cause& cause) = 0;
  virtual void raw(const RawLines& raw, const Cause& cause) = 0;
};

class TextSink final : public Sink {
 public:
  TextSink(const SourceManager& sources, std::string_view header, LineOrigins* lines)
      : sources_(sources), lines_(lines) {
    out_.comment(header);
    note(Cause::in_words(always::kHeader));
  }
  bool wants_causes() const override { return lines_ != nullptr; }
  void section(std::string_view title) override {
    out_.blank();
    noted_ = out_.lines();
    out_.comment(title);
    note(Cause::in_words(always::kTitle));
  }
  void comment(std::string_view text, const Cause& cause) override {
    out_.comment(text);
    note(cause);
  }
  void statement(const Node& node, Span span, const Cause& cause) override {
    if (span.valid())
      out_.write_at(node, sources_.file(span.file).stable_path(), sources_.position(span).line);
    else
      out_.write(node);
    note(cause);
  }
  void raw(const RawLines& raw, const Cause& cause) override {
    const Span span = raw.span;
    out_.write_raw(raw.text, span.valid() ? sources_.file(span.file).stable_path() : "", sources_.position(span).line);
    if (lines_ != nullptr) lines_->add_raw(noted_ + 1, out_.lines(), raw, span.valid(), cause);
    noted_ = out_.lines();
  }
  [[nodiscard]] const std::string& text() const { return out_.text(); }

 private:
  /// Of the lines since the last ones.
  void note(const Cause& cause) {
    if (lines_ != nullptr) lines_->add(noted_ + 1, out_.lines(), cause);
    noted_ = out_.lines();
  }

  const SourceManager& sources_;
  LineOrigins* lines_;
  cil::Writer out_;
  std::uint32_t noted_ = 0;
};

class VisitSink final : public Sink {
 public:
  explicit VisitSink(const std::function<void(const Node&, Span)>& visit) : visit_(visit) {}
  bool wants_causes() const override { return false; }
  void section(std::string_view) override {}
  void comment(std::string_view, const Cause&) override {}
  void statement(const Node& node, Span span, const Cause&) override { visit_(node, span); }
  void raw(const RawLines&, const Cause&) override {}

 private:
  const std::function<void(const Node&, Span)>& visit_;
};

/// Writes the parts of a module in a fixed order.
class Emitter {
 public:
  Emitter(const Module& module, Sink& sink)
      : module_(module), sink_(sink), causes_(module, sink.wants_causes()), dispensable_(dispensable_types(module)) {}

  void run() {
    section("types", !module_.types.empty());
    types();
    section("booleans", !module_.booleans.empty());
    for (const auto& [name, boolean] : module_.booleans) {
      const Cause cause = causes_.of(boolean);
      for (const std::string_view line : lines_of(boolean.doc)) sink_.comment(line, cause);
      write(form("boolean", name, boolean.value ? "true" : "false"), boolean.span, cause);
    }
    section("rules", true);
    for (const auto& [name, own] : module_.attribute_sets) {
      const Cause cause = causes_.of(own);
      write(form("typeattribute", name), own.span, cause);
      write(form("typeattributeset", name, own.expression), own.span, cause);
    }
    never_allows();
    for (const auto& [kind, guarded] : module_.vectors) {
      if (kind == RuleKind::never_allow) continue;
      for (const auto& [guard, vectors] : guarded)
        for (const auto& [key, value] : vectors)
          write_about(key.target, guarded_node(guard, vector_node(kind, key, value.permissions)), value.span,
                      causes_.of(key, value));
    }
    for (const auto& [type, optional] : optionals_) write(optional.node, optional.span, optional.cause);
    transitions();
    for (const auto& [key, value] : module_.range_transitions)
      write(range_transition_node(key.first, key.second, value.range), value.span, causes_.of(key, value));
    labels();
    section("raw text", !module_.raw.empty());
    for (const RawLines& raw : module_.raw) sink_.raw(raw, causes_.of(raw));
  }

 private:
  void section(std::string_view title, bool wanted) {
    if (wanted) sink_.section(title);
  }

  void write(const Node& node, Span span, const Cause& cause) { sink_.statement(node, span, cause); }

  void never_allows() {
    const auto kind = module_.vectors.find(RuleKind::never_allow);
    if (kind == module_.vectors.end()) return;
    const Promises promises = promises_of(kind->second.at(Guard()), dispensable_);
    for (const auto& group : promises.groups) {
      const Cause cause = causes_.of(group);
      write(form("typeattribute", group.attribute), group.span, cause);
      Node needed = Node::list({});
      for (const auto& type : group.types)
        if (dispensable_.contains(type))
          write_about(type, form("typeattributeset", group.attribute, form(type)), group.span, cause);
        else
          needed.add(Node::symbol(type));
      if (!needed.items().empty())
        write(form("typeattributeset", group.attribute, std::move(needed)), group.span, cause);
    }
    for (const auto& rule : promises.rules)
      write(vector_node(RuleKind::never_allow, rule.key, rule.permissions), rule.span, causes_.of(rule));
  }

  void transitions() {
    for (const auto& [guard, list] : placed_transitions(module_))
      for (const auto& [key, value] : list)
        write(guarded_node(guard, transition_node(key, value.result)), value.span, causes_.of(key, value));
  }

  static Node guarded_node(const Guard& guard, Node node) {
    if (guard.is_always()) return node;
    return form("booleanif", guard.node(), form("true", std::move(node)));
  }

  /// Writes a statement about a type, or keeps it for the type's optional block.
  void write_about(const std::string& type, Node node, Span span, const Cause& cause) {
    if (!dispensable_.contains(type)) return write(node, span, cause);
    const auto [at, fresh] = optionals_.try_emplace(type);
    if (fresh) at->second = {form("optional", optional_name(module_, type)), span, {}};
    at->second.node.add(std::move(node));
    at->second.cause.add(cause);
  }

  void types() {
    std::map<std::string, std::vector<const std::string*>> members;
    for (const auto& [name, declaration] : module_.types) {
      write(form("type", name), declaration.span, causes_.of_type(name));
      for (const auto& attribute : declaration.attributes) members[attribute].push_back(&name);
    }
    for (const auto& [pair, origins] : module_.role_types)
      write(form("roletype", pair.first, pair.second), {}, causes_.of_role(pair.second, origins));
    for (const auto& [attribute, types] : members)
      for (const std::string* type : types)
        write(form("typeattributeset", attribute, form(*type)), module_.types.at(*type).span,
              causes_.of_member(*type, attribute));
    for (const auto& [type, span] : module_.permissive)
      write(form("typepermissive", type), span, causes_.of_permissive(type, span));
  }

  void labels() {
    section("labels", !module_.file_contexts.empty() || !module_.ports.empty());
    for (const auto& fc : module_.file_contexts) {
      Node label = fc.type.empty() ? Node::list({}) : context(module_, fc.type, fc.level);
      write(form("filecon", Node::quoted(fc.regex), word_of(fc.kinds), std::move(label)), fc.span, causes_.of(fc));
    }
    for (const auto& port : module_.ports) {
      Node range = port.range.first == port.range.last
                       ? Node::symbol(std::to_string(port.range.first))
                       : form(std::to_string(port.range.first), std::to_string(port.range.last));
      write(form("portcon", ir::word(port.protocol), std::move(range), context(module_, port.type)), port.span,
            causes_.of(port));
    }
  }

  const Module& module_;
  Sink& sink_;
  const Causes causes_;
  const std::set<std::string> dispensable_;
  struct Optional {
    Node node;
    Span span;  // of the first statement
    Cause cause;
  };
  std::map<std::string, Optional> optionals_;  // by type
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

void add_origin(Origins& origins, const Origin& origin) {
  if (std::find(origins.begin(), origins.end(), origin) == origins.end()) origins.push_back(origin);
}

void add_origins(Origins& origins, const Origins& more) {
  for (const Origin& origin : more) add_origin(origins, origin);
}

void add_transition(Module& module, const Guard& guard, const TransitionKey& key, const std::string& result,
                    const Origin& origin) {
  TransitionValue& value = module.transitions[guard][key];
  value.result = result;
  value.span = origin.span;
  add_origin(value.origins, origin);
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

Origins VectorValue::origins() const {
  Origins list;
  for (const Ask& ask : asks)
    if (ask.permissions != 0) list.push_back(ask.origin);
  return list;
}

Origins VectorValue::origins_of(const std::string& permission) const {
  Origins list;
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

std::string to_cil(const Module& module, const SourceManager& sources, std::string_view header, LineOrigins* lines) {
  TextSink sink(sources, header, lines);
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
    for (const auto& [key, value] : list) {
      auto& there = placed[places[key] > 1 || !key.name.empty() ? Guard() : guard];
      const auto [at, fresh] = there.emplace(key, value);
      if (!fresh) add_origins(at->second.origins, value.origins);
    }
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
  for (const auto& [attribute, own] : module.attribute_sets) {
    needed.insert(attribute);
    add_symbols(own.expression, needed);
  }
  for (const auto& [pair, origins] : module.role_types) needed.insert(pair.second);
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
  struct Objects {
    std::set<std::string> types;
    Origins origins;
  };
  std::map<Subject, Objects> subjects;
  for (const auto& [key, value] : vectors) {
    Objects& objects = subjects[{value.span, key.source, key.class_name, value.permissions}];
    objects.types.insert(key.target);
    add_origins(objects.origins, value.origins());
  }
  Promises promises;
  std::map<std::set<std::string>, std::size_t> groups;
  for (const auto& [subject, objects] : subjects) {
    const auto& [targets, origins] = objects;
    const auto& [span, source, class_name, permissions] = subject;
    std::set<std::string> alone = targets, shared;
    const bool in_blocks =
        std::any_of(targets.begin(), targets.end(), [&](const auto& type) { return dispensable.contains(type); });
    if (in_blocks || targets.size() >= kFewTypes) alone.swap(shared);
    // The domain itself is in no attribute of others.
    if (shared.erase("self") != 0) alone.insert("self");
    for (const auto& target : alone)
      promises.rules.push_back({{source, target, class_name}, permissions, span, origins});
    if (shared.empty()) continue;
    const auto [it, fresh] = groups.try_emplace(shared, promises.groups.size());
    if (fresh)
      promises.groups.push_back({"macc_never_" + source + "_" + std::to_string(groups.size()), shared, span, {}});
    Promises::Group& group = promises.groups[it->second];
    add_origins(group.origins, origins);
    promises.rules.push_back({{source, group.attribute, class_name}, permissions, span, origins});
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
