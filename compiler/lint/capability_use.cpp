#include "compiler/lint/capability_use.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/lint/same.h"

namespace macc::lint {

namespace {

struct Risk {
  Code lint;
  ir::Capability capability;
  std::string_view harm;
};

constexpr Risk kRisks[] = {
#define MACC_RISKY_CAPABILITY(lint, capability, harm) {Code::lint, ir::Capability::capability, harm},
#include "compiler/lint/capabilities.def"
};

/// Capabilities by which daemons come from root to their own user and files.
bool is_about_users(ir::Capability capability) {
  using C = ir::Capability;
  constexpr C kAboutUsers[] = {C::setuid, C::setgid, C::dac_override, C::dac_read_search, C::fowner};
  return std::find(std::begin(kAboutUsers), std::end(kAboutUsers), capability) != std::end(kAboutUsers);
}

bool names(const ir::CapabilityAccess& access, ir::Capability capability) {
  return std::binary_search(access.capabilities.begin(), access.capabilities.end(), capability);
}

}  // namespace

std::vector<HeldCapability> held_capabilities(const Context& context, const ir::Domain& domain) {
  std::vector<HeldCapability> out;
  std::set<ir::Capability> seen;
  for (const ir::Rule& rule : domain.rules) {
    const auto* access = std::get_if<ir::CapabilityAccess>(&rule.access);
    if (access == nullptr || rule.effect != ir::Effect::allow || access->in_userns) continue;
    for (const ir::Capability capability : access->capabilities) {
      const auto values = context.in_effect(domain, rule, [&](const ir::Rule& deny) {
        const auto* denied = std::get_if<ir::CapabilityAccess>(&deny.access);
        return denied != nullptr && !denied->in_userns && names(*denied, capability);
      });
      if (values && seen.insert(capability).second) out.push_back({capability, &rule, *values});
    }
  }
  return out;
}

std::vector<Edit> without_capability(const Context& context, const HeldCapability& held) {
  const auto statement = context.statement(held.rule->where);
  if (!statement || !held.rule->where.includes.empty()) return {};
  const std::string_view text = context.sources().text(*statement);
  const auto& all = std::get<ir::CapabilityAccess>(held.rule->access).capabilities;
  if (all.size() == 1) return {without_statement(context.sources(), *statement)};
  std::string rest;
  for (const ir::Capability capability : all) {
    if (capability != held.capability) rest += fmt::format("{}{}", rest.empty() ? "" : ", ", ir::word(capability));
  }
  // The list is written anew from the first name to the semicolon; a comment inside would be lost.
  const std::size_t word = text.find("capability ");
  if (word == std::string_view::npos || text.find("//") != std::string_view::npos || !text.ends_with(';')) return {};
  const auto begin = static_cast<std::uint32_t>(statement->begin + word + std::string_view("capability ").size());
  return {{{statement->file, begin, statement->end - 1}, rest}};
}

void look_for_capabilities(Context& context, Code lint, std::string_view advice) {
  for (const Subject& subject : context.subjects()) {
    for (const HeldCapability& held : held_capabilities(context, *subject.domain)) {
      const auto* risk = std::find_if(std::begin(kRisks), std::end(kRisks), [&](const Risk& row) {
        return row.lint == lint && row.capability == held.capability;
      });
      if (risk == std::end(kRisks)) continue;
      const bool about_users = is_about_users(held.capability);
      context
          .report(lint, subject.id, held.rule->where,
                  fmt::format("`{}` has the capability `{}`{}", subject.domain->name, ir::word(held.capability),
                              context.when(held.values)))
          .note(std::string(risk->harm))
          .note(about_users ? "let systemd set user, group and owners (User=, StateDirectory=), so that the program "
                              "starts without it"
                            : std::string(advice))
          .about(fmt::format("capability {}", ir::word(held.capability)));
    }
  }
}

}  // namespace macc::lint
