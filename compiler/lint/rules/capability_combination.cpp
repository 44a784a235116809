#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

struct Pair {
  ir::Capability one, other;
  std::string_view harm;
};

constexpr Pair kPairs[] = {
#define MACC_CAPABILITY_PAIR(one, other, harm) {ir::Capability::one, ir::Capability::other, harm},
#include "compiler/lint/capabilities.def"
};

const HeldCapability* find(const std::vector<HeldCapability>& held, ir::Capability capability) {
  const auto at = std::find_if(held.begin(), held.end(), [&](const auto& h) { return h.capability == capability; });
  return at == held.end() ? nullptr : &*at;
}

}  // namespace

void capability_combination(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const std::vector<HeldCapability> held = held_capabilities(context, *subject.domain);
    for (const Pair& pair : kPairs) {
      const HeldCapability* one = find(held, pair.one);
      const HeldCapability* other = find(held, pair.other);
      if (one == nullptr || other == nullptr) continue;
      const auto values = values_for(context.policy(), {&one->rule->condition, &other->rule->condition}, {});
      if (!values) continue;
      Report report = context.report(Code::L0503, subject.id, one->rule->where,
                                     fmt::format("`{}` has `{}` and `{}`{}", subject.domain->name, ir::word(pair.one),
                                                 ir::word(pair.other), context.when(*values)));
      if (one->rule != other->rule && one->rule->where.span != other->rule->where.span)
        report.with(other->rule->where, fmt::format("`{}` comes from here", ir::word(pair.other)));
      report.note(std::string(pair.harm));
      report.note("split the program: one domain for each of the two");
      report.about(fmt::format("{} and {}", ir::word(pair.one), ir::word(pair.other)));
    }
  }
}

}  // namespace macc::lint::rules
