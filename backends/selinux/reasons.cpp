#include "backends/selinux/reasons.h"

#include <fmt/format.h>

#include <set>

namespace macc::backends::selinux {

std::string if_condition(const std::string& text) { return text.empty() ? text : " if " + text; }

void add_includes(const ir::Provenance& where, std::vector<Explained>& parts) {
  for (auto frame = where.includes.rbegin(); frame != where.includes.rend(); ++frame)
    parts.push_back({"included by `include " + frame->abstraction + "`", frame->at});
}

std::vector<Explained> Reasons::of(const WalkedRule& entry, std::size_t index) const {
  const PolicyRule& rule = entry.rule;
  std::vector<Explained> parts;
  const std::uint32_t bit = std::uint32_t{1} << index;
  if ((entry.planned & bit) != 0) asked(rule, std::string(rule.permissions[index]), parts);
  if ((entry.base & bit) != 0) {
    const std::string_view source = entry.base_source.empty() ? rule.source : entry.base_source;
    const std::string_view target = entry.base_target.empty() ? rule.target : entry.base_target;
    parts.push_back({fmt::format("the system's policy says so itself: `(allow {} {} ({} (... {} ...)))`", source,
                                 target, rule.class_name, rule.permissions[index]),
                     {},
                     {},
                     "system"});
  }
  if ((entry.raw & bit) != 0) parts.push_back(of_the_rest());
  return parts;
}

Explained Reasons::of_the_rest() const {
  if (raw_is_there_) return {"raw text adds it", {}, {}, "raw"};
  return {"nothing in the source asks for it", {}, {}, "unexplained"};
}

void Reasons::asked(const PolicyRule& rule, const std::string& permission, std::vector<Explained>& parts) const {
  for (const PlannedAllow* allow : planned_.allows(rule.source, rule.target, rule.class_name))
    for (const Origin& origin : allow->value->origins_of(permission)) {
      Explained reason{phrase_at(origin.span), origin.span, {}, std::string(info(origin.baseline).key)};
      if (origin.baseline != Baseline::rule)
        reason.text += fmt::format(" [{}: {}]", info(origin.baseline).key, info(origin.baseline).text);
      reason.text += if_condition(allow->condition->text());
      if (const ir::Provenance* where = provenance(origin.span)) add_includes(*where, reason.parts);
      parts.push_back(std::move(reason));
    }
}

const ir::Provenance* Reasons::provenance(Span span) const {
  const auto found = written_.at(span);
  return found.empty() ? nullptr : WrittenIndex::provenance(found.front());
}

const std::string& Reasons::phrase_at(Span span) const {
  const auto [at, fresh] = phrases_.try_emplace(span);
  if (!fresh) return at->second;
  std::set<std::string> phrases;
  for (const Written& written : written_.at(span)) phrases.insert(written_.phrase(written));
  at->second = fmt::format("{}", fmt::join(phrases, "; "));
  return at->second;
}

}  // namespace macc::backends::selinux
