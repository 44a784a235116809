#include "backends/selinux/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "backends/selinux/base_choice.h"
#include "backends/selinux/granted.h"
#include "backends/selinux/link/base_rules.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/names.h"
#include "backends/selinux/planned_rules.h"
#include "backends/selinux/platform.h"
#include "backends/selinux/reasons.h"
#include "backends/selinux/walk.h"
#include "backends/selinux/written.h"

namespace macc::backends::selinux {
namespace {

constexpr std::size_t kNearest = 8;

std::string braces(std::string_view class_name, const std::vector<std::string>& permissions) {
  return fmt::format("{} {{ {} }}", class_name, fmt::join(permissions, " "));
}

// ---- from a rule to its statements

class RuleQuestion {
 public:
  RuleQuestion(const Input& input, const Lowered& lowered, const Planned& plan)
      : input_(input), lowered_(lowered), plan_(plan), written_(input.policy) {}

  Explanation run(const std::vector<Span>& places) {
    Explanation answer;
    for (const Span place : places) {
      for (std::size_t i = 0; i < input_.policy.domains.size(); ++i) {
        const ir::Domain& domain = input_.policy.domains[i];
        if (!domain.external) of_domain(place, static_cast<ir::DomainId>(i), answer.parts);
      }
      of_nobody(place, answer.parts);
    }
    return answer;
  }

 private:
  void of_domain(Span place, ir::DomainId id, std::vector<Explained>& parts) {
    const ir::Domain& domain = input_.policy.domain(id);
    const std::string name = input_.policy.qualified_name(id);
    std::string phrases;
    const ir::Provenance* where = nullptr;
    for (const Written& written : written_.at(place, id)) {
      if (std::holds_alternative<const ir::Resource*>(written.what)) continue;
      const bool itself = std::holds_alternative<const ir::Domain*>(written.what);
      phrases.append(phrases.empty() ? "" : "; ").append(itself ? "the domain itself" : written_.phrase(written));
      where = WrittenIndex::provenance(written);
    }
    if (phrases.empty()) return;
    Explained explained{name + ": " + phrases, place};
    if (where != nullptr) add_includes(*where, explained.parts);
    const auto module = plan_.modules.find(domain.module);
    if (module != plan_.modules.end()) statements(module->second, place, &domain, explained.parts);
    differences(place, id, explained.parts);
    parts.push_back(std::move(explained));
  }

  /// Resources, booleans and ports belong to a module.
  void of_nobody(Span place, std::vector<Explained>& parts) {
    std::string title;
    for (const ir::Resource& resource : input_.policy.resources)
      if (resource.where.span == place) title = "resource " + resource.name;
    for (const ir::Boolean& boolean : input_.policy.booleans)
      if (boolean.span == place) title = "boolean " + boolean.name;
    for (const auto& ports : input_.policy.ports)
      if (ports.span == place) title = "ports " + ports.name;
    if (title.empty()) return;
    Explained explained{title, place};
    for (const auto& [name, module] : plan_.modules) statements(module, place, nullptr, explained.parts);
    parts.push_back(std::move(explained));
  }

  /// Whether a statement can be of this domain: an abstraction has one place for all that include it.
  bool may_be_of(const ir::Domain* domain, const std::string& source, const std::string& target) const {
    if (domain == nullptr) return true;
    const std::string type = domain_type(*domain);
    if (source == type || target == type) return true;
    return std::none_of(input_.policy.domains.begin(), input_.policy.domains.end(), [&](const ir::Domain& other) {
      if (other.external || &other == domain) return false;
      const std::string others = domain_type(other);
      return source == others || target == others;
    });
  }

  void statements(const Module& module, Span place, const ir::Domain* domain, std::vector<Explained>& parts) const {
    for (const auto& [kind, guarded] : module.vectors)
      for (const auto& [guard, vectors] : guarded)
        for (const auto& [key, value] : vectors)
          if (may_be_of(domain, key.source, key.target)) vector(kind, guard, key, value, place, parts);
    for (const auto& [guard, transitions] : module.transitions)
      for (const auto& [key, value] : transitions)
        if (value.span == place && may_be_of(domain, key.source, key.target))
          parts.push_back({fmt::format("typetransition {} {} {}{} {}{}", key.source, key.target, key.class_name,
                                       key.name.empty() ? "" : " \"" + printable(key.name) + "\"", value.result,
                                       if_condition(guard.text())),
                           {}});
    for (const auto& [key, value] : module.range_transitions)
      if (value.span == place) parts.push_back({range_transition_node(key.first, key.second, value.range).text(), {}});
    for (const auto& [type, declaration] : module.types)
      if (declaration.span == place && belongs(domain, type))
        parts.push_back({fmt::format("type {}, in {}", type, fmt::join(declaration.attributes, " ")), {}});
    for (const FileContext& context : module.file_contexts)
      if (context.span == place)
        parts.push_back({fmt::format("filecon {} {}: {}", printable(context.regex, 400), word_of(context.kinds),
                                     context.type.empty() ? "no label" : context.type),
                         {}});
    for (const PortLabel& port : module.ports)
      if (port.span == place)
        parts.push_back(
            {fmt::format("portcon {} {}-{}: {}", ir::word(port.protocol), port.range.first, port.range.last, port.type),
             {}});
  }

  static bool belongs(const ir::Domain* domain, const std::string& type) {
    return domain == nullptr || type == domain_type(*domain) || type == exec_type(*domain);
  }

  static void vector(RuleKind kind, const Guard& guard, const VectorKey& key, const VectorValue& value, Span place,
                     std::vector<Explained>& parts) {
    std::map<Baseline, std::uint32_t> asked;
    for (const Ask& ask : value.asks)
      if (ask.origin.span == place) asked[ask.origin.baseline] |= ask.permissions;
    for (const auto& [baseline, mask] : asked) {
      std::vector<std::string> permissions;
      unsigned bit = 0;
      for (const auto& permission : value.permissions)
        if ((mask >> bit++ & 1) != 0) permissions.push_back(permission);
      if (permissions.empty()) continue;
      std::string text = fmt::format("{} {} {} {}{}", keyword(kind), key.source, key.target,
                                     braces(key.class_name, permissions), if_condition(guard.text()));
      if (baseline != Baseline::rule) text += fmt::format(" [{}: {}]", info(baseline).key, info(baseline).text);
      parts.push_back({std::move(text), {}});
    }
  }

  void differences(Span place, ir::DomainId id, std::vector<Explained>& parts) const {
    for (const FidelityEntry& entry : lowered_.fidelity.entries) {
      if (entry.domain != id || entry.span != place || entry.topic.empty()) continue;
      Explained difference{fmt::format("{} [{}]: {}", word(entry.fidelity), entry.topic, topic_text(entry.topic)), {}};
      for (const auto& what : entry.what) difference.parts.push_back({printable(what, 400), {}});
      parts.push_back(std::move(difference));
    }
  }

  std::string topic_text(const std::string& key) const {
    for (const FidelityTopic& topic : lowered_.fidelity.topics)
      if (topic.key == key) return topic.text;
    return {};
  }

  const Input& input_;
  const Lowered& lowered_;
  const Planned& plan_;
  const WrittenIndex written_;
};

// ---- from an access to its reasons

class AccessQuestion {
 public:
  AccessQuestion(const WalkInput& walk, const std::shared_ptr<const Base>& base, bool raw_is_there)
      : walk_(walk),
        input_(walk.input),
        plan_(walk.plan),
        policy_(walk.policy),
        planned_(plan_, *base),
        platform_(base),
        reasons_(input_.policy, planned_, raw_is_there) {}

  Explanation run(const Question& question, const std::vector<WalkedRule>& walked) {
    const auto subjects = types_of(question.subject);
    const auto objects = question.object == "self" ? subjects : types_of(question.object);
    if (subjects.empty()) return unknown(question.subject);
    if (objects.empty()) return unknown(question.object);
    Explanation answer;
    for (const auto& subject : subjects)
      for (const auto& object : objects) answer.parts.push_back(one(subject, object, question, walked));
    return answer;
  }

  Explanation all(const std::string& name, const std::vector<WalkedRule>& walked) {
    std::set<std::string> types = types_of_module(name);
    if (types.empty()) {
      const auto own = own_types(plan_);
      for (const auto& type : types_of(name))
        if (own.contains(type)) types.insert(type);
    }
    if (types.empty())
      return {Explanation::Status::unknown_name,
              fmt::format("the policy has no module, no domain and no resource `{}` with a type of its own",
                          printable(name)),
              {}};
    return granted(walk_, walked, types, reasons_, planned_);
  }

 private:
  static Explanation unknown(const std::string& name) {
    return {Explanation::Status::unknown_name,
            fmt::format("neither the policy nor the system has a domain, a resource or a type `{}`", printable(name)),
            {}};
  }

  /// With the types of ports that its rules name: those of a build stand together.
  std::set<std::string> types_of_module(const std::string& name) const {
    std::set<std::string> types;
    std::set<FileId> files;
    const auto module = plan_.modules.find(name);
    if (module == plan_.modules.end()) return types;
    for (const auto& [type, declaration] : module->second.types) {
      types.insert(type);
      files.insert(declaration.span.file);
    }
    for (const auto& [other, declared] : plan_.modules)
      for (const auto& [type, declaration] : declared.types)
        if (!declared.ports.empty() && files.contains(declaration.span.file)) types.insert(type);
    return types;
  }

  /// Types behind a name of the policy or of the platform.
  std::vector<std::string> types_of(const std::string& name) const {
    const ir::Policy& policy = input_.policy;
    for (std::size_t i = 0; i < policy.domains.size(); ++i) {
      const ir::Domain& domain = policy.domains[i];
      if (policy.qualified_name(static_cast<ir::DomainId>(i)) != name) continue;
      if (!domain.external) return {domain_type(domain)};
      return platform_.bound(domain.bindings, "type");
    }
    std::set<std::string> found;
    for (const Region& region : plan_.labels.regions())
      if (region.resource != ir::ResourceId::none && policy.qualified_name(region.resource) == name)
        found.insert(region.types.begin(), region.types.end());
    if (!found.empty()) return {found.begin(), found.end()};
    if (policy_.has_type(planned_.canonical(name))) return {planned_.canonical(name)};
    return {};
  }

  Explained one(const std::string& subject, const std::string& object, const Question& question,
                const std::vector<WalkedRule>& walked) const {
    const auto sources = names_of(subject), targets = names_of(object);
    const std::string what = fmt::format("{} {} {} {{ {} }}", subject, object, printable(question.class_name),
                                         printable(question.permission));
    Explained answer;
    for (const WalkedRule& entry : walked) {
      const PolicyRule& rule = entry.rule;
      if (rule.class_name != question.class_name || !sources.contains(rule.source) || !targets.contains(rule.target))
        continue;
      const auto at = std::find(rule.permissions.begin(), rule.permissions.end(), question.permission);
      if (at == rule.permissions.end()) continue;
      Explained explained{fmt::format("allow {} {} ({} ({})){}", rule.source, rule.target, rule.class_name,
                                      question.permission, if_condition(rule.condition.text())),
                          {}};
      explained.parts = reasons_.of(entry, static_cast<std::size_t>(at - rule.permissions.begin()));
      answer.parts.push_back(std::move(explained));
    }
    if (!answer.parts.empty()) {
      answer.text = "allowed: " + what;
      return answer;
    }
    answer.text = "not allowed: " + what;
    refusals(subject, object, question, answer.parts);
    nearest(sources, targets, question, walked, answer.parts);
    return answer;
  }

  std::set<std::string, std::less<>> names_of(const std::string& type) const {
    const auto list = policy_.attributes_of(type);
    std::set<std::string, std::less<>> names(list.begin(), list.end());
    names.insert(type);
    return names;
  }

  /// Rules of the source that keep it out.
  void refusals(const std::string& subject, const std::string& object, const Question& question,
                std::vector<Explained>& parts) const {
    const VectorKey key{subject, subject == object ? "self" : object, question.class_name};
    for (const auto& [name, module] : plan_.modules)
      for (const RuleKind kind : {RuleKind::dont_audit, RuleKind::never_allow}) {
        const auto guarded = module.vectors.find(kind);
        if (guarded == module.vectors.end()) continue;
        for (const auto& [guard, vectors] : guarded->second) {
          const auto found = vectors.find(key);
          if (found == vectors.end()) continue;
          for (const Origin& origin : found->second.origins_of(question.permission))
            parts.push_back(
                {fmt::format("{}: {}{}", kind == RuleKind::dont_audit ? "refused without a record" : "never",
                             reasons_.phrase_at(origin.span), if_condition(guard.text())),
                 origin.span});
        }
      }
  }

  void nearest(const std::set<std::string, std::less<>>& sources, const std::set<std::string, std::less<>>& targets,
               const Question& question, const std::vector<WalkedRule>& walked, std::vector<Explained>& parts) const {
    std::set<std::string> on_object;
    std::map<std::string, std::size_t> elsewhere;
    for (const WalkedRule& entry : walked) {
      const PolicyRule& rule = entry.rule;
      if (!sources.contains(rule.source)) continue;
      if (targets.contains(rule.target)) {
        std::vector<std::string> permissions(rule.permissions.begin(), rule.permissions.end());
        on_object.insert(braces(rule.class_name, permissions) + if_condition(rule.condition.text()));
      } else if (rule.class_name == question.class_name && std::find(rule.permissions.begin(), rule.permissions.end(),
                                                                     question.permission) != rule.permissions.end()) {
        ++elsewhere[std::string(rule.target)];
      }
    }
    for (const auto& text : on_object) parts.push_back({"it may do this there: " + text, {}});
    if (elsewhere.empty()) return;
    std::vector<std::string> names;
    for (const auto& [name, count] : elsewhere)
      if (names.size() < kNearest) names.push_back(name);
    parts.push_back({fmt::format("it has `{}` of `{}` on {} other names: {}{}", printable(question.permission),
                                 printable(question.class_name), elsewhere.size(), fmt::join(names, " "),
                                 elsewhere.size() > names.size() ? " ..." : ""),
                     {}});
  }

  const WalkInput& walk_;
  const Input& input_;
  const Planned& plan_;
  const CompiledPolicy& policy_;
  PlannedRules planned_;
  const Platform platform_;
  const Reasons reasons_;
};

Explanation not_answered(std::string reason) { return {Explanation::Status::not_answered, std::move(reason), {}}; }

Explanation explain_access(const Input& input, const Planned& plan, const Question& question) {
  const BaseOrReason opened = chosen_base(input);
  if (!opened.base) return not_answered(opened.reason);
  if (question.kind == Question::Kind::access && !opened.base->has_permission(question.class_name, question.permission))
    return {Explanation::Status::unknown_name,
            fmt::format("the system's policy has no permission `{}` of a class `{}`", printable(question.permission),
                        printable(question.class_name)),
            {}};
  std::vector<CilModule> modules;
  for (const auto& [name, module] : plan.modules)
    modules.push_back({module_file(name) + ".cil", to_cil(module, input.sources, "")});
  const LinkResult linked = link(*opened.base, modules);
  if (!linked.ok) return not_answered("the policy does not link: `macc build` says why");
  const auto policy = CompiledPolicy::read(linked.image);
  if (!policy) return not_answered("libsepol cannot read the policy that it wrote");
  const BaseRules rules(*opened.base);
  const bool has_raw = std::any_of(plan.modules.begin(), plan.modules.end(),
                                   [](const auto& entry) { return !entry.second.raw.empty(); });
  WalkInput walk_input{input, plan, *opened.base, rules, *policy};
  walk_input.raw_is_needed = true;  // what nothing else explains is raw text, or it would not have been built
  Diagnostics ignored;
  const std::vector<WalkedRule> walked = walk(walk_input, ignored);
  AccessQuestion answer(walk_input, opened.base, has_raw);
  return question.kind == Question::Kind::grants ? answer.all(question.subject, walked) : answer.run(question, walked);
}

}  // namespace

Explanation explain(const Input& input, const Lowered& lowered, const Question& question) {
  const auto& plan = dynamic_cast<const Planned&>(*lowered.plan);
  if (question.kind == Question::Kind::rule) return RuleQuestion(input, lowered, plan).run(question.places);
  return explain_access(input, plan, question);
}

}  // namespace macc::backends::selinux
