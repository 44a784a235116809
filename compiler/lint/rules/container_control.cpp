#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

constexpr const char* kInstead =
    "let a service with a narrow interface talk to the manager, or use its rootless socket";

/// The first pattern of the list that a connection reaches.
const SensitivePattern* reached(const Context& context, const ir::UnixAccess& access, const SensitiveList& list) {
  for (const SensitivePattern& pattern : list.patterns) {
    if (!pattern.sample.empty() && context.meaning().covers(ir::Verb::write, access.paths, pattern.sample))
      return &pattern;
    if (context.meaning().set(access.paths).meets(paths::PathSet::of(pattern.pattern))) return &pattern;
  }
  return nullptr;
}

void look_at_connections(Context& context, const Subject& subject, const SensitiveList& list) {
  const auto taken = [&](const ir::UnixAccess& deny, const ir::UnixAccess& allow) {
    return !deny.listen && deny.abstract_name.empty() &&
           context.meaning().set(deny.paths).contains(context.meaning().set(allow.paths));
  };
  each_access<ir::UnixAccess>(
      context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
        if (access.listen || !access.abstract_name.empty()) return;
        const SensitivePattern* pattern = reached(context, access, list);
        if (pattern == nullptr) return;
        const auto example = (context.meaning().set(access.paths) & paths::PathSet::of(pattern->pattern)).example();
        context
            .report(Code::L0212, subject.id, rule.where,
                    fmt::format("`{}` may connect to `{}`{}", subject.domain->name, printable(example.value_or("")),
                                context.when(values)))
            .note(fmt::format("{}: {}", list.title, list.harm))
            .note(kInstead)
            .about("connect " + list.name);
      });
}

}  // namespace

void container_control(Context& context) {
  for (const SensitiveList* list : context.sensitive().with_prefix("container_sockets")) {
    for (const Subject& subject : context.subjects()) {
      look_at_connections(context, subject, *list);
      each_hit(
          context, subject, {.lists = list->name, .verbs = {ir::Verb::write}},
          [&](const Use& use, const Hit& hit) { report_hit(context, Code::L0212, subject, use, hit).note(kInstead); });
    }
  }
}

}  // namespace macc::lint::rules
