#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void abstract_socket(Context& context) {
  const auto taken = [](const ir::UnixAccess& deny, const ir::UnixAccess& allow) {
    return deny.listen == allow.listen && deny.abstract_name == allow.abstract_name;
  };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::UnixAccess>(
        context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
          if (!access.listen || access.abstract_name.empty()) return;
          context
              .report(Code::L0410, subject.id, rule.where,
                      fmt::format("`{}` listens on `@{}`, which has no file{}", subject.domain->name,
                                  printable(access.abstract_name), context.when(values)))
              .note("every user of the network namespace may connect, and may take the name while the service is down")
              .note("listen on a socket in a folder of /run, whose permissions say who may connect")
              .about("listens on @" + access.abstract_name);
        });
  }
}

}  // namespace macc::lint::rules
