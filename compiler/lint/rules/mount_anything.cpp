#include <fmt/format.h>

#include "compiler/lint/mounts.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void mount_anything(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_mount(context, subject, [&](const auto& rule, const auto& access, const auto& values) {
      if (!mounts_anything(context, access)) return;
      const auto place = context.meaning().set(access.on).example();
      context
          .report(Code::L0701, subject.id, rule.where,
                  fmt::format("`{}` may mount {} on `{}`{}", subject.domain->name,
                              access.fstypes.empty() && access.from.include.empty() ? "anything" : "over the system",
                              printable(place.value_or("/")), context.when(values)))
          .note("a mount changes what a path means: files that other programs trust are replaced without being written")
          .note("say what is mounted and where: `mount tmpfs on \"/run/NAME/scratch/\"`")
          .about("mount on " + ir::describe(context.policy(), access.on));
    });
  }
}

}  // namespace macc::lint::rules
