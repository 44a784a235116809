#include "compiler/lint/plain.h"

#include <fmt/format.h>

namespace macc::lint {

void look_for_plain(Context& context, Code lint, ir::PlainAccess::Kind kind, std::string_view deed,
                    std::string_view harm, std::string_view advice) {
  const auto taken = [](const ir::PlainAccess& deny, const ir::PlainAccess& allow) { return deny.kind == allow.kind; };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::PlainAccess>(
        context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
          if (access.kind != kind) return;
          context
              .report(lint, subject.id, rule.where,
                      fmt::format("`{}` may {}{}", subject.domain->name, deed, context.when(values)))
              .note(std::string(harm))
              .note(std::string(advice))
              .about(std::string(deed));
        });
  }
}

}  // namespace macc::lint
