#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void pivot_root(Context& context) {
  const auto taken = [&](const ir::PathsAccess& deny, const ir::PathsAccess& allow) {
    return deny.kind == allow.kind && context.meaning().set(deny.paths).contains(context.meaning().set(allow.paths));
  };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::PathsAccess>(context, *subject.domain, taken,
                                 [&](const auto& rule, const auto& access, const auto& values) {
                                   if (access.kind != ir::PathsAccess::Kind::pivot) return;
                                   const auto root = context.meaning().set(access.paths).example();
                                   if (!root) return;  // the exceptions leave nothing
                                   context
                                       .report(Code::L0703, subject.id, rule.where,
                                               fmt::format("`{}` may make `{}` its root{}", subject.domain->name,
                                                           printable(*root), context.when(values)))
                                       .note("behind another root the paths of this policy mean other files")
                                       .note("let the service manager do it: RootDirectory= or RootImage=")
                                       .about("pivot " + ir::describe(context.policy(), access.paths));
                                 });
  }
}

}  // namespace macc::lint::rules
