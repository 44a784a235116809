#include <fmt/format.h>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void dbus_any_method(Context& context) {
  const auto taken = [](const ir::DbusAccess& deny, const ir::DbusAccess& allow) {
    return deny.own == allow.own && deny.session_bus == allow.session_bus && deny.name == allow.name &&
           deny.interface.empty() && deny.member.empty();
  };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::DbusAccess>(context, *subject.domain, taken,
                                [&](const auto& rule, const auto& access, const auto& values) {
                                  if (access.own || !access.member.empty()) return;
                                  context
                                      .report(Code::L0608, subject.id, rule.where,
                                              fmt::format("`{}` may call every method of `{}`{}", subject.domain->name,
                                                          printable(access.name), context.when(values)))
                                      .note("what the service learns to do later is allowed from that day on")
                                      .note("name the interface and the member that the program calls")
                                      .about("calls " + access.name);
                                });
  }
}

}  // namespace macc::lint::rules
