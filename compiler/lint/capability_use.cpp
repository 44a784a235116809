#include "compiler/lint/capability_use.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/lint/same.h"
#include "compiler/lint/statements.h"

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
  const auto* rule = rule_at(context.tree(statement->file), *statement);
  const auto* phrase = rule == nullptr ? nullptr : std::get_if<ast::CapabilityPhrase>(&rule->phrase.value);
  if (phrase == nullptr) return {};
  const std::vector<ast::Name>& names = phrase->names;
  if (names.size() == 1) return without_statement(context, *statement);
  const auto name =
      std::find_if(names.begin(), names.end(), [&](const ast::Name& n) { return n.text == ir::word(held.capability); });
  if (name == names.end()) return {};
  // The name goes with the comma behind it; the last one with that before it, if that has no comment of its own.
  if (std::next(name) != names.end()) return {{{statement->file, name->span.begin, std::next(name)->span.begin}, ""}};
  const Span end{statement->file, std::prev(name)->span.end, name->span.end};
  if (context.sources().text(end).find('/') != std::string_view::npos) return {};
  return {{end, ""}};
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
