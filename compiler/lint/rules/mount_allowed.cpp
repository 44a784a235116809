#include <fmt/format.h>

#include "compiler/lint/mounts.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void mount_allowed(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_mount(context, subject, [&](const auto& rule, const auto& access, const auto& values) {
      if (mounts_anything(context, access)) return;  // a finding of its own
      const auto place = context.meaning().set(access.on).example();
      if (!place) return;  // the exceptions leave nothing
      context
          .report(
              Code::L0702, subject.id, rule.where,
              fmt::format("`{}` may mount on `{}`{}", subject.domain->name, printable(*place), context.when(values)))
          .note("a mount changes what a path means, for everybody in the mount namespace")
          .note("let systemd mount it before the program starts: a mount unit, or BindPaths= and TemporaryFileSystem=")
          .about("mount on " + ir::describe(context.policy(), access.on));
    });
  }
}

}  // namespace macc::lint::rules
