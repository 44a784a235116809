#include "backends/selinux/lowering.h"

#include <algorithm>

#include "backends/selinux/link/base_rules.h"

namespace macc::backends::selinux {
namespace {

struct TopicRow {
  Topic topic;
  std::string_view key;
  Fidelity fidelity;
  std::string_view text;
};

constexpr TopicRow kTopics[] = {
#define MACC_TOPIC(name, key, fidelity, text) {Topic::name, key, Fidelity::fidelity, text},
#include "backends/selinux/fidelity.def"
#undef MACC_TOPIC
};

const TopicRow& row(Topic topic) { return kTopics[static_cast<std::size_t>(topic)]; }

/// An `external` declaration that would name a path, for a message.
std::string declaration_for(const std::string& path) {
  return "external resource NAME { \"" + printable(path) + "\"; selinux type TYPE; }";
}

}  // namespace

void FidelityLog::add(ir::DomainId domain, const std::string& rule, Span span, Topic topic,
                      const std::vector<std::string>& what) {
  auto& names = entries_[{domain, span, rule}][topic];
  for (const auto& text : what) names.emplace(0, text);
}

void FidelityLog::add_ranked(ir::DomainId domain, const std::string& rule, Span span, Topic topic,
                             const std::set<std::pair<int, std::string>>& what) {
  entries_[{domain, span, rule}][topic].insert(what.begin(), what.end());
}

void FidelityLog::exact(ir::DomainId domain, const std::string& rule, Span span) { entries_[{domain, span, rule}]; }

void FidelityLog::add_at(Span span, Topic topic, const std::set<std::string>& what) {
  for (auto& [key, by_topic] : entries_)
    if (std::get<Span>(key) == span)
      for (const auto& text : what) by_topic[topic].emplace(0, text);
}

bool FidelityLog::names(ir::DomainId domain, const std::string& rule, Span span, const std::string& type) const {
  const auto found = entries_.find({domain, span, rule});
  if (found == entries_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](const auto& entry) {
    return entry.second.empty() || std::any_of(entry.second.begin(), entry.second.end(), [&](const auto& text) {
             return text.second == type || text.second.starts_with(type + ": ");
           });
  });
}

FidelityReport FidelityLog::report() const {
  FidelityReport report;
  std::map<std::string, FidelityTopic> topics;
  for (const auto& [key, by_topic] : entries_) {
    const auto& [domain, span, rule] = key;
    if (by_topic.empty()) report.entries.push_back({domain, Fidelity::exact, rule, "", {}, span});
    for (const auto& [topic, what] : by_topic) {
      const TopicRow& info = row(topic);
      std::vector<std::string> texts;
      for (const auto& [rank, text] : what) texts.push_back(text);
      report.entries.push_back({domain, info.fidelity, rule,
                                info.fidelity == Fidelity::exact ? "" : std::string(info.key), std::move(texts), span});
      if (info.fidelity != Fidelity::exact)
        topics[std::string(info.key)] = {std::string(info.key), info.fidelity, std::string(info.text)};
    }
  }
  for (auto& [key, topic] : topics) report.topics.push_back(std::move(topic));
  return report;
}

Context::Context(const Input& input_, Platform platform_, Diagnostics& diagnostics_)
    : input(input_),
      policy(input_.policy),
      diagnostics(diagnostics_),
      platform(std::move(platform_)),
      names(diagnostics_),
      labels(input_, platform, names, diagnostics_),
      ports(input_, platform, names),
      starters(starters_of(policy)) {}

Module& Context::module(const std::string& name) {
  Module& module = modules[name];
  module.name = name;
  module.levels = platform.base().has_levels();
  module.user = platform[Name::system_user];
  module.object_role = platform[Name::object_role];
  return module;
}

const std::string& Context::name(Name name, Span span) {
  const std::string& found = platform[name];
  if (!found.empty() || !missing_.insert(name).second) return found;
  const PlatformFinding finding = check_platform(platform.base()).at(static_cast<std::size_t>(name));
  std::string looked_for;
  for (const auto& alternative : finding.looked_for)
    looked_for += (looked_for.empty() ? "`" : ", `") + alternative + "`";
  auto& report = diagnostics.report(
      finding.required ? Code::E1070 : Code::E1071, span,
      platform.base().description() + " has no " + std::string(word(finding.kind)) + " for " + finding.what);
  report.note("looked for " + looked_for);
  if (!finding.without.empty()) report.note("it is left out: " + finding.without);
  report.note("if it has another name there, say so in the target: `names = \"" + std::string(id_of(name)) +
              "=NAME\"`");
  return found;
}

bool is_noted(const Context& context, Span span) {
  return span.valid() && context.input.sources.file(span.file).is_bundled();
}

void report_unbound(Context& context, const ir::Bindings& bindings, const std::string& what, Span declared, Span span) {
  for (const auto& names : context.platform.unbound(bindings, "type")) {
    if (is_noted(context, span)) {
      context.absent[span].insert(what + " (" + names + ")");
      continue;
    }
    auto& report = context.diagnostics.report(
        Code::E1022, span, context.platform.base().description() + " does not have the type of `" + what + "`");
    report.note("it would be `" + names + "`");
    report.also(declared, "declared here");
    if (is_noted(context, declared))
      report.note(
          "what is not on this system needs no rule; for what has another type here, declare it yourself, as "
          "`external`");
    const std::string guess = did_you_mean(names.substr(0, names.find(' ')), context.platform.base().types());
    if (!guess.empty()) report.note("it has `" + guess + "`");
  }
}

std::vector<std::string> Context::types_of(ir::DomainId id, Span span) {
  const ir::Domain& domain = policy.domain(id);
  if (!domain.external) return {domain_type(domain)};
  if (domain.bindings.find("selinux", "type") != nullptr) {
    const bool is_new = is_noted(*this, span) || unbound_.count(id) == 0;
    if (is_new && !platform.unbound(domain.bindings, "type").empty()) {
      if (!is_noted(*this, span)) unbound_.insert(id);
      report_unbound(*this, domain.bindings, policy.qualified_name(id), domain.where.span, span);
    }
    return platform.bound(domain.bindings, "type");
  }
  if (unbound_.insert(id).second)
    diagnostics.report(Code::E1004, span, "`" + policy.qualified_name(id) + "` does not name its SELinux type")
        .also(domain.where.span, "declared here; add `selinux type TYPE;`");
  return {};
}

const BaseRules& Context::system_rules() {
  if (!system_rules_) system_rules_ = std::make_shared<const BaseRules>(platform.base());
  return *system_rules_;
}

Subject::Subject(Context& context_, ir::DomainId id_)
    : context(context_),
      id(id_),
      domain(context_.policy.domain(id_)),
      type(domain_type(domain)),
      module(context_.module(domain.module)) {}

void Subject::allow(const Guard& guard, const std::string& target, std::string_view class_name,
                    const std::vector<std::string_view>& permissions, const Origin& origin) {
  add_vector(module, RuleKind::allow, guard, {type, target == type ? "self" : target, std::string(class_name)},
             permissions, origin);
}

void Subject::allow_other(const Guard& guard, const std::string& source, const std::string& target,
                          std::string_view class_name, std::string_view permissions, const Origin& origin) {
  add_vector(module, RuleKind::allow, guard, {source, target, std::string(class_name)}, words(permissions), origin);
}

void Subject::audit(const Guard& guard, const std::string& target, std::string_view class_name,
                    const std::vector<std::string_view>& permissions, const Origin& origin) {
  add_vector(module, RuleKind::audit_allow, guard, {type, target == type ? "self" : target, std::string(class_name)},
             permissions, origin);
}

void Subject::say(const ir::Rule& rule, Topic topic, const std::vector<std::string>& what) {
  context.fidelity.add(id, ir::describe(context.policy, rule), rule.where.span, topic, what);
}

void Subject::say_shared(const ir::Rule& rule, const paths::PathSet& set, const Region& region) {
  if (region.is_own()) {
    if (!set.contains(region.set)) say(rule, Topic::shared_type, region.types);
    return;
  }
  const std::vector<std::string>& others = context.labels.others_of(region, set);
  if (!others.empty()) say(rule, Topic::shared_type, others);
}

const std::vector<std::string>& Subject::types(const Region& region, Span span) {
  const bool is_new = is_noted(context, span) || unbound_.count(region.resource) == 0;
  if (region.resource != ir::ResourceId::none && is_new) {
    const ir::Bindings& bindings = context.policy.resource(region.resource).bindings;
    if (!region.is_own() && !context.platform.unbound(bindings, "type").empty()) {
      if (!is_noted(context, span)) unbound_.insert(region.resource);
      report_unbound(context, bindings, region.what, region.span, span);
      return region.types;
    }
  }
  if (region.types.empty() && unbound_.insert(region.resource).second)
    context.diagnostics.report(Code::E1004, span, "`" + region.what + "` does not name its SELinux type")
        .also(region.span, "declared here; add `selinux type TYPE;`");
  return region.types;
}

void Subject::search_above(const Guard& guard, const paths::PathSet& set, Span span) {
  const auto above = context.labels.divide_above(set);
  for (const Part& part : above->parts)
    for (const auto& target : types(*part.region, span)) {
      allow(guard, target, "dir", "search getattr", {span, Baseline::search_above});
      // Patterns name what is there after symlinks are followed: /bin, /usr/bin/sh and their like are crossed.
      if (part.region->origin == Region::Origin::system)
        allow(guard, target, "lnk_file", "read getattr", {span, Baseline::links_above});
    }
  auto path = above->rest.example();
  if (!path || !unlabelled_.insert(*path).second) return;
  context.diagnostics
      .report(Code::E1003, span,
              "the SELinux type of the directory `" + printable(*path) + "` above these paths is not known")
      .note("declare it: `" + declaration_for(*path) + "`");
}

std::vector<Part> Subject::parts_of(const paths::PathSet& set, Span span) {
  const auto division = context.labels.divide(set);
  auto path = division->rest.example();
  if (!path) return division->parts;
  if (unlabelled_.insert(*path).second)
    context.diagnostics.report(Code::E1003, span, "the SELinux type of `" + printable(*path) + "` is not known")
        .note("it belongs to no resource of the project; declare what the system has there: `" +
              declaration_for(*path) + "`");
  return {};
}

std::string Subject::attribute_for(cil::Node expression, std::string_view suffix, Span span) {
  for (auto& [name, known] : module.attribute_sets) {
    if (known.expression != expression) continue;
    add_origin(known.origins, span);
    return name;
  }
  const std::string base = identifier(domain.name) + "_" + std::string(suffix);
  std::string name = base;
  for (int n = 2; module.attribute_sets.count(name) != 0; ++n) name = base + "_" + std::to_string(n);
  context.names.claim(name, "an attribute of domain " + context.policy.qualified_name(id), span);
  module.attribute_sets.emplace(name, OwnAttribute{std::move(expression), span, {span}});
  return name;
}

ObjectScope scope_of(const paths::PathSet& set, const Region& region, Kinds kinds) {
  ObjectScope scope;
  scope.kinds = kinds;
  scope.directories = set.meets(paths::PathSet::directories());
  scope.others = set.meets(paths::PathSet::non_directories());
  const bool device = region.kind == ir::Kind::device || set.literal_prefix().starts_with("/dev");
  scope.devices = scope.others && device;
  return scope;
}

bool started_by_init(const ir::Domain& domain) {
  return std::any_of(domain.entries.begin(), domain.entries.end(), [](const ir::Entry& entry) {
    return entry.from == ir::Entry::From::init || entry.from == ir::Entry::From::unit;
  });
}

void from_socket_unit(Subject& subject, const Guard& guard, const std::string& socket_class, std::string_view use,
                      std::string_view open, Span span) {
  if (!started_by_init(subject.domain)) return;
  const std::string& init = subject.name(Name::init, span);
  subject.allow(guard, init, socket_class, use, {span, Baseline::socket_unit});
  subject.allow_other(guard, init, subject.type, socket_class, open, {span, Baseline::socket_unit});
}

void join(Subject& subject, const std::string& attribute, const Origins& origins) {
  if (attribute.empty()) return;
  Declaration& declaration = subject.module.types[subject.type];
  declaration.attributes.insert(attribute);
  if (!origins.empty()) add_origins(declaration.joined[attribute], origins);
}

}  // namespace macc::backends::selinux
