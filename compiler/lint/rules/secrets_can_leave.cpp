#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/hits.h"
#include "compiler/lint/ports.h"
#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// Ports on which any host of the internet answers: the web, mail, names, and remote shells.
constexpr std::uint16_t kWayOut[] = {21, 22, 25, 53, 80, 443, 465, 587, 8080, 8443};

struct Exit {
  OpenPorts ports;
  bool anywhere = false;  ///< every port
};

/// The rule by which most can be sent.
std::optional<Exit> widest_exit(const Context& context, const ir::Domain& domain) {
  std::optional<Exit> found;
  for (OpenPorts& open : open_ports(context, domain, false)) {
    const bool anywhere = open.count() >= kNearlyAllPorts;
    const bool leaves = anywhere || std::any_of(std::begin(kWayOut), std::end(kWayOut),
                                                [&](std::uint16_t port) { return open.has(port); });
    if (leaves && (!found || (anywhere && !found->anywhere))) found = Exit{std::move(open), anywhere};
  }
  return found;
}

class Search {
 public:
  Search(Context& context, const Subject& subject, const Exit& exit)
      : context_(context), subject_(subject), exit_(exit) {}

  void run(const ResourcesOf& secrets) {
    const auto listed = [&](const Use& use, const Hit& hit) {
      report(use, hit.example, fmt::format("{}: {}", hit.list->title, hit.list->harm), hit.list->name);
    };
    each_hit(context_, subject_, {.lists = "secret_", .verbs = {ir::Verb::read}}, listed);
    each_hit(context_, subject_, {.lists = "service_secret_", .verbs = {ir::Verb::read}, .wide_only = true}, listed);
    // A service that talks to one kind of server needs its own key for that; one that may talk to all has no excuse.
    if (!exit_.anywhere) return;
    const auto any = [](const ir::Resource&) { return true; };
    secrets.each_reached(subject_, {ir::Verb::read}, any, [&](ir::ResourceId id, const Use& use, const Reached& reached) {
      report(use, reached.example, "it is declared as a secret", context_.policy().qualified_name(id));
    });
  }

 private:
  void report(const Use& use, const std::string& example, const std::string& why, const std::string& what) {
    const auto together =
        values_for(context_.policy(), {&use.grant->condition(), &exit_.ports.rule->condition}, {});
    if (!together) return;
    const std::string where = exit_.anywhere ? "every port" : "servers anywhere";
    context_
        .report(Code::L0405, subject_.id, use.grant->where(),
                fmt::format("`{}` may read `{}` and connect to {}{}", subject_.domain->name, printable(example), where,
                            context_.when(*together)))
        .with(exit_.ports.rule->where, "it can be sent from here")
        .note(why)
        .note("let one domain read the secret and another one talk to the network")
        .about("sends " + what);
  }

  Context& context_;
  const Subject& subject_;
  const Exit& exit_;
};

}  // namespace

void secrets_can_leave(Context& context) {
  const ResourcesOf secrets(context, ir::Kind::secret);
  for (const Subject& subject : context.subjects()) {
    const auto exit = widest_exit(context, *subject.domain);
    if (exit) Search(context, subject, *exit).run(secrets);
  }
}

}  // namespace macc::lint::rules
