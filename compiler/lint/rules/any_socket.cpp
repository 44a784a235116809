#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/wide.h"

namespace macc::lint::rules {

void any_socket(Context& context) {
  const auto taken = [&](const ir::UnixAccess& deny, const ir::UnixAccess& allow) {
    return deny.listen == allow.listen && deny.abstract_name.empty() && allow.abstract_name.empty() &&
           context.meaning().set(deny.paths).contains(context.meaning().set(allow.paths));
  };
  for (const Subject& subject : context.subjects()) {
    each_access<ir::UnixAccess>(
        context, *subject.domain, taken, [&](const auto& rule, const auto& access, const auto& values) {
          const SensitivePattern* tree =
              access.abstract_name.empty() ? widest_tree(context, access.paths, "wide_write") : nullptr;
          if (tree == nullptr) return;
          const std::string_view deed = access.listen ? "listen on" : "connect to";
          context
              .report(Code::L0411, subject.id, rule.where,
                      fmt::format("`{}` may {} any socket in `{}`{}", subject.domain->name, deed, folder_of(*tree),
                                  context.when(values)))
              .note(access.listen ? "it can take the place of another service that is not running, and get its requests"
                                  : "behind each of them is a service that trusts who can reach it")
              .note(access.listen ? "name the socket, or a folder of the program's own: `listen unix \"/run/NAME/**\"`"
                                  : "name the sockets: `connect unix \"/run/NAME/NAME.sock\"`")
              .about(fmt::format("{} sockets in {}", deed, tree->pattern.text()));
        });
  }
}

}  // namespace macc::lint::rules
