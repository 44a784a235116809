#include "backends/selinux/lower_levels.h"

#include <algorithm>

#include "backends/selinux/starters.h"

namespace macc::backends::selinux {
namespace {

std::string with_instance(std::string text, std::string_view name) {
  for (std::size_t at = text.find(kInstance); at != std::string::npos; at = text.find(kInstance, at))
    text.replace(at, kInstance.size(), name);
  return text;
}

bool has_instance(const std::string& text) { return text.find(kInstance) != std::string::npos; }

class LevelCheck {
 public:
  explicit LevelCheck(Context& context) : context_(context), base_(context.platform.base()) {}

  /// The range of a text, which is reported when it is none or the system lacks a part of it.
  std::optional<Range> range(const std::string& text, Span span) {
    std::string problem;
    const auto found = Range::parse(text, problem);
    if (!found) {
      report(text, span, "is not a range of levels").note(problem);
      return std::nullopt;
    }
    if (const std::string missing = missing_in_base(*found); !missing.empty()) {
      report(text, span, "names `" + missing + "`, which the system's policy does not have").note(names_of_base());
      return std::nullopt;
    }
    return found;
  }

  Diagnostic& report(const std::string& text, Span span, const std::string& what) {
    return context_.diagnostics.report(Code::E1015, span, "`" + printable(text) + "` " + what);
  }

 private:
  [[nodiscard]] std::string missing_in_base(const Range& range) const {
    if (!base_.has_levels()) return "";  // nothing is asked of it then
    for (const Level* level : {&range.low, &range.high}) {
      std::string sensitivity = "s" + std::to_string(level->sensitivity);
      if (!base_.has_sensitivity(sensitivity)) return sensitivity;
      for (unsigned i = 0; i < Level::kCategories; ++i)
        if (level->categories[i] && !base_.has_category("c" + std::to_string(i))) return "c" + std::to_string(i);
    }
    return "";
  }

  /// "it has the sensitivities `s0` to `s15` and the categories `c0` to `c1023`"
  [[nodiscard]] std::string names_of_base() const {
    return "it has the sensitivities " + ends_of(base_.sensitivities()) + " and the categories " +
           ends_of(base_.categories());
  }
  static std::string ends_of(const std::vector<std::string>& names) {
    if (names.empty()) return "none";
    const std::string first = "`" + printable(names.front()) + "`";
    return names.size() == 1 ? first : first + " to `" + printable(names.back()) + "`";
  }

  Context& context_;
  const Base& base_;
};

void check_unit(const ir::Entry& entry, LevelCheck& check) {
  if (entry.level.empty()) return;
  if (has_instance(entry.level) && entry.unit.find("@.") == std::string::npos) {
    check.report(entry.level, entry.where.span, "speaks of an instance, and `" + printable(entry.unit) + "` has none")
        .note("a unit with instances is called `NAME@.service`");
    return;
  }
  (void)check.range(with_instance(entry.level, "0"), entry.where.span);
}

/// What levels take away from the rules of a build.
class Narrowing {
 public:
  explicit Narrowing(Context& context) : context_(context), starters_(starters_of(context.policy)) {
    for (const auto& domain : context.policy.domains) ways_.push_back(ways_to_run(domain));
    for (const Region& region : context.labels.regions()) {
      if (!region.is_own()) continue;
      levels_[&region].push_back({level_of(region), false});
      for (std::size_t i = 0; i < context.policy.domains.size(); ++i)
        if (creates_in(context.policy.domains[i], region))
          for (const Running& way : ways_[i])
            levels_[&region].push_back({{way.range.low, way.range.low}, way.instances});
    }
  }

  void run() {
    for (std::size_t i = 0; i < context_.policy.domains.size(); ++i) {
      const ir::Domain& domain = context_.policy.domains[i];
      if (domain.external) continue;
      check_users(static_cast<ir::DomainId>(i));
      for (const ir::Rule& rule : domain.rules)
        if (rule.effect == ir::Effect::allow)
          say(static_cast<ir::DomainId>(i), rule, std::visit([&](const auto& a) { return taken(i, a); }, rule.access));
    }
  }

 private:
  using What = std::set<std::string>;

  /// A user runs nothing at a level outside of their own range: the start fails.
  void check_users(ir::DomainId id) {
    const ir::Domain& domain = context_.policy.domain(id);
    if (domain.level.empty() || !starters_[static_cast<std::size_t>(id)].users) return;
    std::string ignored;
    const auto range = Range::parse(domain.level, ignored);
    if (!range) return;  // reported
    What what;
    for (const PolicyUser& user : context_.platform.base().users())
      if (may_log_in(user) && !covers(user, *range))
        what.insert("start by " + user.name + ", whose range is " + range_of(user));
    if (!what.empty())
      context_.fidelity.add(id, "entry from user", domain.where.span, Topic::levels, {what.begin(), what.end()});
  }

  bool may_log_in(const PolicyUser& user) const {
    const auto roles = context_.platform.login_roles();
    return std::any_of(user.roles.begin(), user.roles.end(), [&](const std::string& role) {
      return std::find(roles.begin(), roles.end(), role) != roles.end();
    });
  }

  static bool covers(const PolicyUser& user, const Range& range) {
    std::string ignored;
    const auto own = Range::parse(range_of(user), ignored);
    return !own || (range.low.dominates(own->low) && own->high.dominates(range.high));
  }

  Range level_of(const Region& region) const {
    std::string ignored;
    if (region.resource == ir::ResourceId::none) return {};
    const std::string& text = context_.policy.resource(region.resource).level;
    return Range::parse(text.empty() ? "s0" : text, ignored).value_or(Range{});
  }

  bool creates_in(const ir::Domain& domain, const Region& region) const {
    return std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& rule) {
      const auto* access = std::get_if<ir::FileAccess>(&rule.access);
      return access != nullptr && rule.effect == ir::Effect::allow && access->verbs.has(ir::Verb::create) &&
             context_.input.meaning.set(access->paths).meets(region.set);
    });
  }

  /// Whether a process that runs one way is refused what has another way's level.
  static bool refused(const Running& process, const Running& other) {
    return (process.instances && other.instances) || !process.range.high.dominates(other.range.high);
  }

  void compare(std::size_t domain, const std::vector<Running>& others, const std::string& of, What& what) const {
    for (const Running& way : ways_[domain])
      for (const Running& other : others)
        if (refused(way, other)) what.insert(of + " at " + name(other) + " from " + name(way));
  }

  static std::string name(const Running& way) {
    return way.instances ? "the category of an instance" : way.range.high.text();
  }

  What taken(std::size_t domain, const ir::FileAccess& access) const {
    What what;
    const paths::PathSet set = context_.input.meaning.set(access.paths);
    for (const auto& [region, levels] : levels_)
      if (set.meets(region->set)) compare(domain, levels, region->types.front(), what);
    return what;
  }
  What taken(std::size_t domain, const ir::SignalAccess& access) const { return of_peer(domain, access.peer); }
  What taken(std::size_t domain, const ir::ProcessAccess& access) const { return of_peer(domain, access.peer); }
  What taken(std::size_t domain, const ir::UnixAccess& access) const {
    What what;
    for (ir::DomainId server : access.servers) of_domain(domain, server, what);
    return what;
  }
  template <typename T>
  What taken(std::size_t, const T&) const {
    return {};
  }

  What of_peer(std::size_t domain, const ir::Peer& peer) const {
    What what;
    if (peer.kind == ir::Peer::Kind::domain) of_domain(domain, peer.domain, what);
    return what;
  }

  void of_domain(std::size_t domain, ir::DomainId other, What& what) const {
    const auto index = static_cast<std::size_t>(other);
    if (!context_.policy.domain(other).external)
      compare(domain, ways_[index], domain_type(context_.policy.domain(other)), what);
  }

  void say(ir::DomainId id, const ir::Rule& rule, const What& what) {
    if (what.empty()) return;
    context_.fidelity.add(id, ir::describe(context_.policy, rule), rule.where.span, Topic::levels,
                          {what.begin(), what.end()});
  }

  Context& context_;
  std::vector<Starters> starters_;                        // by domain
  std::vector<std::vector<Running>> ways_;                // by domain
  std::map<const Region*, std::vector<Running>> levels_;  // that files of a region may have
};

bool uses_levels(const ir::Policy& policy) {
  const auto domain = [](const ir::Domain& d) {
    return !d.level.empty() ||
           std::any_of(d.entries.begin(), d.entries.end(), [](const ir::Entry& entry) { return !entry.level.empty(); });
  };
  return std::any_of(policy.domains.begin(), policy.domains.end(), domain) ||
         std::any_of(policy.resources.begin(), policy.resources.end(),
                     [](const ir::Resource& resource) { return !resource.level.empty(); });
}

/// Levels that a system without levels cannot enforce.
void say_unenforced(Context& context) {
  const ir::Policy& policy = context.policy;
  const auto say = [&](ir::DomainId domain, const std::string& level, const std::string& of, Span span) {
    if (!level.empty()) context.fidelity.add(domain, "level of " + of, span, Topic::no_levels, {level});
  };
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    const ir::Domain& domain = policy.domains[i];
    const auto id = static_cast<ir::DomainId>(i);
    say(id, domain.level, domain.name, domain.where.span);
    for (const auto& entry : domain.entries) say(id, entry.level, entry.unit, entry.where.span);
  }
  for (const auto& resource : policy.resources)
    say(ir::DomainId::none, resource.level, resource.name, resource.where.span);
}

}  // namespace

std::string range_of(const PolicyUser& user) { return user.low == user.high ? user.low : user.low + "-" + user.high; }

std::vector<Running> ways_to_run(const ir::Domain& domain) {
  std::vector<Running> list;
  std::string ignored;
  const auto add = [&](const std::string& text) {
    if (auto range = Range::parse(with_instance(text.empty() ? "s0" : text, "0"), ignored))
      list.push_back({*range, has_instance(text)});
  };
  for (const auto& entry : domain.entries)
    if (entry.from == ir::Entry::From::unit) add(entry.level.empty() ? domain.level : entry.level);
  const bool only_units = !domain.entries.empty() && list.size() == domain.entries.size();
  if (!only_units) add(domain.level);
  return list;
}

void lower_levels(Context& context) {
  if (!uses_levels(context.policy)) return;
  if (!context.platform.base().has_levels()) say_unenforced(context);
  LevelCheck check(context);
  for (const auto& domain : context.policy.domains) {
    if (!domain.level.empty()) (void)check.range(domain.level, domain.where.span);
    for (const auto& entry : domain.entries) check_unit(entry, check);
  }
  std::map<std::string, Level> levels;
  for (const Region& region : context.labels.regions()) {
    if (!region.is_own() || region.resource == ir::ResourceId::none) continue;
    const ir::Resource& resource = context.policy.resource(region.resource);
    if (resource.level.empty()) continue;
    const auto range = check.range(resource.level, resource.where.span);
    if (!range) continue;
    if (range->low != range->high)
      check.report(resource.level, resource.where.span, "is a range, and a file has one level");
    levels[region.types.front()] = range->low;
  }
  for (auto& [name, module] : context.modules)
    for (FileContext& fc : module.file_contexts)
      if (auto level = levels.find(fc.type); level != levels.end() && module.levels) fc.level = level->second;
}

void say_what_levels_take(Context& context) {
  if (uses_levels(context.policy) && context.platform.base().has_levels()) Narrowing(context).run();
}

}  // namespace macc::backends::selinux
