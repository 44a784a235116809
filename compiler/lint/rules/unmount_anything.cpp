#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/wide.h"

namespace macc::lint::rules {

namespace {

/// Trees that removable media are mounted in: whoever unmounts them names no device.
bool is_for_media(const SensitivePattern& tree) {
  return tree.pattern.text() == "/media/**" || tree.pattern.text() == "/mnt/**";
}

}  // namespace

void unmount_anything(Context& context) {
  const auto taken = [&](const ir::PathsAccess& deny, const ir::PathsAccess& allow) {
    return deny.kind == allow.kind && context.meaning().set(deny.paths).contains(context.meaning().set(allow.paths));
  };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::PathsAccess>(
        context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
          if (access.kind != ir::PathsAccess::Kind::unmount) return;
          const SensitivePattern* tree = widest_tree(context, access.paths, "wide_write");
          if (tree == nullptr || is_for_media(*tree)) return;
          context
              .report(Code::L0711, subject.id, rule.where,
                      fmt::format("`{}` may unmount anything in `{}`{}", subject.domain->name, folder_of(*tree),
                                  context.when(values)))
              .note("data disappears from under other programs, and what a mount covered is open again")
              .note("name what the program mounted itself: `unmount \"/run/NAME/scratch/\"`")
              .about("unmount " + tree->pattern.text());
        });
  }
}

}  // namespace macc::lint::rules
