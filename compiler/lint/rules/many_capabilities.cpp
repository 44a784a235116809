#include <fmt/format.h>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {
/// Daemons that start as root and give rights away get along with half a dozen.
constexpr std::size_t kMany = 9;

/// The most that are held at once, and under which values.
std::pair<std::size_t, ir::Assignment> most_at_once(const Context& context, const std::vector<HeldCapability>& held) {
  std::vector<const ir::Condition*> conditions;
  for (const HeldCapability& one : held) conditions.push_back(&one.rule->condition);
  std::pair<std::size_t, ir::Assignment> most;
  for (ir::Assignment& values : ways_to_stand(context.policy(), conditions)) {
    const auto count = static_cast<std::size_t>(std::count_if(
        held.begin(), held.end(), [&](const auto& one) { return ir::holds(one.rule->condition, values); }));
    if (count > most.first) most = {count, std::move(values)};
  }
  return most;
}

}  // namespace

void many_capabilities(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const std::vector<HeldCapability> held = held_capabilities(context, *subject.domain);
    if (held.size() < kMany) continue;
    const auto [count, values] = most_at_once(context, held);
    if (count < kMany) continue;
    context
        .report(Code::L0505, subject.id, held.front().rule->where,
                fmt::format("`{}` has {} capabilities{}", subject.domain->name, count, context.when(values)))
        .note("so many are root under another name")
        .note("find out which the program uses: run it with fewer, and read what the kernel denies")
        .about("many");
  }
}

}  // namespace macc::lint::rules
