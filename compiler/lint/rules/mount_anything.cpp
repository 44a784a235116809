#include <fmt/format.h>

#include "compiler/lint/mounts.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void mount_anything(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_mount(context, subject, [&](const auto& rule, const auto& access, const auto& values) {
      if (!mounts_anything(context, access)) return;
      const auto example = context.meaning().set(access.on).example();
      if (!example) return;  // the exceptions leave nothing
      const auto folder = replaced_folder(context, access);
      const std::string place = folder ? std::string(*folder) : *example;
      const bool anything = access.fstypes.empty() && access.from.include.empty();
      context
          .report(Code::L0701, subject.id, rule.where,
                  fmt::format("`{}` may mount {}`{}`{}", subject.domain->name,
                              anything ? "anything on " : "something over ", printable(place), context.when(values)))
          .note("a mount changes what a path means: files that other programs trust are replaced without being written")
          .note("say what is mounted and where: `mount tmpfs on \"/run/NAME/scratch/\"`")
          .about("mount on " + ir::describe(context.policy(), access.on));
    });
  }
}

}  // namespace macc::lint::rules
