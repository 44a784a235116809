#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/lint/hits.h"
#include "compiler/lint/ports.h"
#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// Ports on which any host of the internet answers: the web, mail, names, and remote shells.
constexpr std::uint16_t kWayOut[] = {21, 22, 25, 53, 80, 443, 465, 587, 8080, 8443};

/// Sockets whose packets go to any host, with what the program writes into them.
constexpr std::string_view kRawFamilies[] = {"raw", "packet", "xdp"};

struct Exit {
  const ir::Rule* rule = nullptr;
  std::string way;  ///< "connect to every port"
  bool every_port = false;
};

/// The rules by which something can be sent, those to every port first.
std::vector<Exit> exits_of(const Context& context, const ir::Domain& domain) {
  std::vector<Exit> out;
  for (const AllPorts& all : all_ports(context, domain, false))
    out.push_back({all.rules.front(), "connect to every port", true});
  each_access<ir::SocketAccess>(
      context, domain,
      [](const auto& deny, const auto& allow) {
        return deny.family == allow.family && (deny.type.empty() || deny.type == allow.type);
      },
      [&](const ir::Rule& rule, const ir::SocketAccess& access, const ir::Assignment&) {
        if (std::find(std::begin(kRawFamilies), std::end(kRawFamilies), access.family) != std::end(kRawFamilies))
          out.push_back({&rule, fmt::format("send by `{}` sockets", access.family), false});
      });
  for (const OpenPorts& open : open_ports(context, domain, false)) {
    if (std::any_of(std::begin(kWayOut), std::end(kWayOut), [&](std::uint16_t port) { return open.has(port); }))
      out.push_back({open.rule, "connect to servers anywhere", false});
  }
  return out;
}

class Search {
 public:
  Search(Context& context, const Subject& subject, std::vector<Exit> exits)
      : context_(context), subject_(subject), exits_(std::move(exits)) {}

  void run(const ResourcesOf& secrets) {
    const auto listed = [&](const Use& use, const Hit& hit) {
      report(use, hit.example, fmt::format("{}: {}", hit.list->title, hit.list->harm), hit.list->name);
    };
    each_hit(context_, subject_, {.lists = "secret_", .verbs = {ir::Verb::read}}, listed);
    each_hit(context_, subject_, {.lists = "service_secret_", .verbs = {ir::Verb::read}, .wide_only = true}, listed);
    const auto declared = [&](bool foreign) {
      const auto counts = [&](const ir::Resource& resource) {
        return foreign == (resource.owner != subject_.id && resource.owner != ir::DomainId::none);
      };
      secrets.each_reached(
          subject_, {ir::Verb::read}, counts, [&](ir::ResourceId id, const Use& use, const Reached& reached) {
            report(use, reached.example, "it is declared as a secret", context_.policy().qualified_name(id));
          });
    };
    declared(true);
    // A service that talks to one kind of server needs its own key for that; one that may talk to all has no excuse.
    std::erase_if(exits_, [](const Exit& exit) { return !exit.every_port; });
    declared(false);
  }

 private:
  void report(const Use& use, const std::string& example, const std::string& why, const std::string& what) {
    if (told_.contains(use.grant->where().span)) return;  // one way out of a rule is enough to mend it
    for (const Exit& exit : exits_) {
      const auto together = values_for(context_.policy(), {&use.grant->condition(), &exit.rule->condition}, {});
      if (!together) continue;
      context_
          .report(Code::L0405, subject_.id, use.grant->where(),
                  fmt::format("`{}` may read `{}` and {}{}", subject_.domain->name, printable(example), exit.way,
                              context_.when(*together)))
          .with(exit.rule->where, "it can be sent from here")
          .note(why)
          .note("let one domain read the secret and another one talk to the network")
          .about("sends " + what);
      told_.insert(use.grant->where().span);
      return;
    }
  }

  Context& context_;
  const Subject& subject_;
  std::vector<Exit> exits_;
  std::set<Span> told_;
};

}  // namespace

void secrets_can_leave(Context& context) {
  const ResourcesOf secrets(context, ir::Kind::secret);
  for (const Subject& subject : context.subjects()) {
    std::vector<Exit> exits = exits_of(context, *subject.domain);
    if (!exits.empty()) Search(context, subject, std::move(exits)).run(secrets);
  }
}

}  // namespace macc::lint::rules
