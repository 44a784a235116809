#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// The first rule by which strangers reach the domain.
const ir::Rule* listener(const Context& context, const ir::Domain& domain) {
  const std::vector<OpenPorts> open = open_ports(context, domain, true);
  return open.empty() ? nullptr : open.front().rule;
}

}  // namespace

void shell_behind_network(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const ir::Rule* listens = listener(context, *subject.domain);
    if (listens == nullptr || is_script(*subject.domain)) continue;
    for (const std::string_view list : {"shells", "interpreters"}) {
      each_hit(context, subject, {.lists = list, .verbs = {}, .exec = true}, [&](const Use& use, const Hit& hit) {
        if (std::get<ir::ExecAccess>(use.grant->rule->access).mode != ir::ExecAccess::Mode::inside) return;
        context
            .report(Code::L0313, subject.id, use.grant->where(),
                    fmt::format("`{}` listens on the network and may execute `{}`{}", subject.domain->name,
                                printable(hit.example), context.when(hit.values)))
            .with(listens->where, "strangers reach it here")
            .note("one mistake in what it does with a request, and the sender has a shell")
            .note("start the script in a domain of its own, without the network: `exec PATH to DOMAIN;`")
            .about(fmt::format("listens and executes {}", hit.list->name));
      });
    }
  }
}

}  // namespace macc::lint::rules
