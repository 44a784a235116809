#include "compiler/lint/sockets.h"

#include <fmt/format.h>

namespace macc::lint {

namespace {

struct SocketRisk {
  Code lint;
  std::string_view family, harm;
};

constexpr SocketRisk kSocketRisks[] = {
#define MACC_SOCKET_RISK(lint, family, harm) {Code::lint, family, harm},
#include "compiler/lint/families.def"
#undef MACC_SOCKET_RISK
};

bool taken(const ir::SocketAccess& deny, const ir::SocketAccess& allow) {
  return deny.family == allow.family && (deny.type.empty() || deny.type == allow.type);
}

}  // namespace

void look_for_sockets(Context& context, Code lint, std::string_view advice) {
  for (const Subject& subject : context.subjects()) {
    each_access<ir::SocketAccess>(context, *subject.domain, taken,
                                  [&](const auto& rule, const auto& access, const auto& values) {
                                    for (const SocketRisk& risk : kSocketRisks) {
                                      if (risk.lint != lint || risk.family != access.family) continue;
                                      context
                                          .report(lint, subject.id, rule.where,
                                                  fmt::format("`{}` may open `{}` sockets{}", subject.domain->name,
                                                              access.family, context.when(values)))
                                          .note(std::string(risk.harm))
                                          .note(std::string(advice))
                                          .about("socket " + access.family);
                                    }
                                  });
  }
}

}  // namespace macc::lint
