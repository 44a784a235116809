#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

struct Control {
  std::string_view name, harm;
};

constexpr Control kControls[] = {
#define MACC_DBUS_CONTROL(name, harm) {name, harm},
#include "compiler/lint/dbus_names.def"
#undef MACC_DBUS_CONTROL
};

/// Reading properties changes nothing.
bool only_reads(const ir::DbusAccess& access) {
  return access.interface == "org.freedesktop.DBus.Properties" && (access.member == "Get" || access.member == "GetAll");
}

bool taken(const ir::DbusAccess& deny, const ir::DbusAccess& allow) {
  return deny.own == allow.own && deny.session_bus == allow.session_bus && deny.name == allow.name &&
         (deny.interface.empty() || deny.interface == allow.interface) &&
         (deny.member.empty() || deny.member == allow.member);
}

}  // namespace

void dbus_control(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_access<ir::DbusAccess>(
        context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
          const auto* control = std::find_if(std::begin(kControls), std::end(kControls),
                                             [&](const Control& row) { return row.name == access.name; });
          if (access.own || control == std::end(kControls) || only_reads(access)) return;
          // One method that is named was thought about; whether it is a harmless one, only its author knows.
          const bool one_method = !access.interface.empty() && !access.member.empty();
          if (one_method) return;
          context
              .report(Code::L0607, subject.id, rule.where,
                      fmt::format("`{}` may call any method of `{}`{}", subject.domain->name, access.name,
                                  context.when(values)))
              .note(std::string(control->harm))
              .note("name the interface and the member that the program calls")
              .about("calls " + access.name);
        });
  }
}

}  // namespace macc::lint::rules
