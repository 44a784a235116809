#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/lint/capability_use.h"
#include "compiler/lint/ports.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// The rules that hold together with a capability, under some values of the booleans.
using Beside = std::vector<const ir::Rule*>;

template <typename A, typename Test>
bool some(const Beside& rules, Test test) {
  return std::any_of(rules.begin(), rules.end(), [&](const ir::Rule* rule) {
    const auto* access = std::get_if<A>(&rule->access);
    return access != nullptr && test(*access);
  });
}

bool plain(const Beside& rules, ir::PlainAccess::Kind kind) {
  return some<ir::PlainAccess>(rules, [&](const auto& a) { return a.kind == kind; });
}

bool file_verb(const Beside& rules, ir::Verb verb) {
  return some<ir::FileAccess>(rules, [&](const auto& a) { return a.verbs.has(verb); });
}

bool socket(const Beside& rules, std::initializer_list<std::string_view> families) {
  return some<ir::SocketAccess>(
      rules, [&](const auto& a) { return std::find(families.begin(), families.end(), a.family) != families.end(); });
}

bool low_port(const Beside& rules) {
  return some<ir::NetworkAccess>(rules, [](const ir::NetworkAccess& a) {
    return a.listen && std::any_of(a.ports.begin(), a.ports.end(), [](const auto& r) { return r.first < 1024; });
  });
}

/// A capability that is of use with certain rules only, and whether one of those is there.
struct Need {
  ir::Capability capability;
  std::string_view rule;  ///< what would need it
  bool (*met)(const Beside&);
};

constexpr std::array kNeeds = {
    Need{ir::Capability::net_bind_service, "`listen` on a port below 1024", low_port},
    Need{ir::Capability::net_raw, "`socket raw` or `socket packet`",
         [](const Beside& d) {
           return socket(d, {"raw", "packet", "icmp", "xdp"});
         }},
    Need{ir::Capability::mknod, "`mknod`", [](const Beside& d) { return file_verb(d, ir::Verb::mknod); }},
    Need{ir::Capability::chown, "`setattr` on files", [](const Beside& d) { return file_verb(d, ir::Verb::setattr); }},
    Need{ir::Capability::fsetid, "`setattr` or `write` on files",
         [](const Beside& d) {
           return file_verb(d, ir::Verb::setattr) || file_verb(d, ir::Verb::write) || file_verb(d, ir::Verb::append);
         }},
    Need{ir::Capability::setfcap, "`setattr` on files",
         [](const Beside& d) { return file_verb(d, ir::Verb::setattr); }},
    Need{ir::Capability::linux_immutable, "`ioctl` on files",
         [](const Beside& d) { return file_verb(d, ir::Verb::ioctl); }},
    Need{ir::Capability::lease, "`lock` on files", [](const Beside& d) { return file_verb(d, ir::Verb::lock); }},
    Need{ir::Capability::audit_write, "`socket netlink.audit`",
         [](const Beside& d) { return socket(d, {"netlink.audit"}); }},
    Need{ir::Capability::audit_control, "`socket netlink.audit`",
         [](const Beside& d) { return socket(d, {"netlink.audit"}); }},
    Need{ir::Capability::audit_read, "`socket netlink.audit`",
         [](const Beside& d) { return socket(d, {"netlink.audit"}); }},
    Need{ir::Capability::bpf, "`bpf`", [](const Beside& d) { return plain(d, ir::PlainAccess::Kind::bpf); }},
    Need{ir::Capability::perfmon, "`perf` or `bpf`",
         [](const Beside& d) { return plain(d, ir::PlainAccess::Kind::perf) || plain(d, ir::PlainAccess::Kind::bpf); }},
    Need{ir::Capability::sys_ptrace, "`trace` or `inspect` of another process",
         [](const Beside& d) {
           return some<ir::ProcessAccess>(d, [](const auto& a) {
             return a.kind == ir::ProcessAccess::Kind::trace || a.kind == ir::ProcessAccess::Kind::inspect;
           });
         }},
    Need{ir::Capability::ipc_owner, "`ipc` with another process",
         [](const Beside& d) {
           return some<ir::ProcessAccess>(d, [](const auto& a) { return a.kind == ir::ProcessAccess::Kind::ipc; });
         }},
};

bool allows(const ir::Rule& rule, ir::Capability capability) {
  const auto* access = std::get_if<ir::CapabilityAccess>(&rule.access);
  return access != nullptr && rule.effect == ir::Effect::allow && !access->in_userns &&
         std::binary_search(access->capabilities.begin(), access->capabilities.end(), capability);
}

/// The rules that are in effect at the same time as one that gives the capability.
Beside beside(const Context& context, const ir::Domain& domain, ir::Capability capability) {
  Beside out;
  for (const ir::Rule& rule : domain.rules) {
    if (rule.effect != ir::Effect::allow) continue;
    const bool together = std::any_of(domain.rules.begin(), domain.rules.end(), [&](const ir::Rule& giver) {
      return allows(giver, capability) && (rule.condition.is_always() || giver.condition.is_always() ||
                                           values_for(context.policy(), {&rule.condition, &giver.condition}, {}));
    });
    if (together) out.push_back(&rule);
  }
  return out;
}

}  // namespace

void capability_unneeded(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const HeldCapability& held : held_capabilities(context, *subject.domain)) {
      const auto* need = std::find_if(kNeeds.begin(), kNeeds.end(),
                                      [&](const Need& row) { return row.capability == held.capability; });
      // An abstraction of the standard library gives what a kind of program needs; not each program uses all of it.
      if (need == kNeeds.end() || !context.is_written_here(held.rule->where)) continue;
      if (need->met(beside(context, *subject.domain, held.capability))) continue;
      context
          .report(Code::L0504, subject.id, held.rule->where,
                  fmt::format("`{}` has the capability `{}`, and no rule that makes use of it", subject.domain->name,
                              ir::word(held.capability)))
          .note(fmt::format("what needs it is {}", need->rule))
          .note("leave the capability out, or say what it is for with a rule")
          .about(fmt::format("capability {}", ir::word(held.capability)))
          .fix(fmt::format("give `{}` up", ir::word(held.capability)), without_capability(context, held));
    }
  }
}

}  // namespace macc::lint::rules
