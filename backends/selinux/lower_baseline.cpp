// What every domain has without being asked, the attributes that let it pass guarded accesses, and the raw door.
#include <algorithm>
#include <array>

#include "backends/selinux/cil.h"
#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {
namespace {

/// The rules that ask for a permission, under any condition.
Origins askers(const Module& module, const VectorKey& key, const std::string& permission) {
  Origins all;
  const auto allows = module.vectors.find(RuleKind::allow);
  if (allows == module.vectors.end()) return all;
  for (const auto& [guard, vectors] : allows->second)
    if (const auto found = vectors.find(key); found != vectors.end())
      add_origins(all, found->second.origins_of(permission));
  return all;
}

/// Own attributes of all files ("/**") hold the guarded types too, unless they are left out by name.
Origins askers_by_attribute(const Subject& subject, const Gate& gate) {
  Origins all;
  for (const auto& [name, own] : subject.module.attribute_sets)
    if (own.expression.text().find(gate.target) == std::string::npos)
      add_origins(all, askers(subject.module, {subject.type, name, gate.class_name}, gate.permission));
  return all;
}

/// Text with ${resource} replaced by types; nullopt after a report.
std::optional<std::string> expand(Subject& subject, const ir::RawText& raw) {
  std::string out;
  for (std::size_t i = 0; i < raw.text.size(); ++i) {
    if (raw.text.compare(i, 2, "${") != 0) {
      out += raw.text[i];
      continue;
    }
    const std::size_t end = raw.text.find('}', i);
    const std::string name = raw.text.substr(i + 2, end == std::string::npos ? end : end - i - 2);
    auto it = raw.resources.find(name);
    const std::string type = it == raw.resources.end() ? "" : subject.context.labels.type_of(it->second);
    if (type.empty()) {
      subject.context.diagnostics.report(Code::E1013, raw.where.span,
                                         "`${" + printable(name) + "}` has no SELinux type");
      return std::nullopt;
    }
    out += type;
    i = end;
  }
  return out;
}

/// Where the text stands in the source: between the quotes of its statement.
Span body_of(const ir::RawText& raw, const SourceManager& sources) {
  constexpr std::string_view kQuotes = "\"\"\"";
  const Span statement = raw.where.span;
  const std::size_t quotes = sources.text(statement).find(kQuotes);
  if (quotes == std::string_view::npos) return {};
  const auto begin = static_cast<std::uint32_t>(statement.begin + quotes + kQuotes.size());
  return {statement.file, begin, static_cast<std::uint32_t>(begin + raw.text.size())};
}

bool has_level(const ir::Domain& domain) {
  return !domain.level.empty() || std::any_of(domain.entries.begin(), domain.entries.end(),
                                              [](const ir::Entry& entry) { return !entry.level.empty(); });
}

bool listens_on_unix(const ir::Domain& domain) {
  return std::any_of(domain.rules.begin(), domain.rules.end(), [](const ir::Rule& rule) {
    const auto* unix_access = std::get_if<ir::UnixAccess>(&rule.access);
    return rule.effect == ir::Effect::allow && unix_access != nullptr && unix_access->listen;
  });
}

/// The kernel gives an accepted connection the level of whoever connects. A server without a level of its own would be
/// kept from those of clients with categories, such as every unconfined user.
bool is_held_to_categories(const ir::Domain& domain) { return has_level(domain) || !listens_on_unix(domain); }

}  // namespace

void lower_baseline(Subject& subject) {
  const Span span = subject.domain.where.span;
  auto& declaration = subject.module.types[subject.type];
  declaration.span = span;
  declaration.what = "domain " + subject.context.policy.qualified_name(subject.id);
  subject.context.names.claim(subject.type, declaration.what, span);
  join(subject, subject.name(Name::domain, span));
  if (is_held_to_categories(subject.domain)) join(subject, subject.context.platform[Name::mcs]);
  if (subject.domain.complain) subject.module.permissive[subject.type] = span;
  for (const auto& [class_name, permissions] : always_there())
    subject.allow({}, "self", class_name, permissions, {span, Baseline::always_there});
  subject.allow({}, subject.name(Name::filesystems, span), "filesystem", "getattr", {span, Baseline::always_there});
  subject.context.fidelity.add(subject.id, "always there", span, Topic::always_there, {});
  subject.context.fidelity.add(subject.id, "attribute domain", span, Topic::attributes,
                               {"shared libraries, the loader and its cache are read and mapped",
                                "null, zero and tty devices", "names in /etc, /run and library directories"});
}

void lower_gates(Subject& subject) {
  for (const Gate& gate : subject.context.platform.gates()) {
    Origins origins = askers(subject.module, {subject.type, gate.target, gate.class_name}, gate.permission);
    add_origins(origins, askers_by_attribute(subject, gate));
    if (!origins.empty()) join(subject, gate.attribute, origins);
  }
}

void lower_raw(Subject& subject) {
  for (const auto& raw : subject.domain.raw) {
    if (raw.backend != "selinux") continue;
    auto text = expand(subject, raw);
    if (!text) continue;
    if (const std::string problem = cil::check_raw(*text); !problem.empty()) {
      subject.context.diagnostics.report(Code::E1013, raw.where.span, "the raw text is not whole: " + problem);
      continue;
    }
    subject.module.raw.push_back({*text, raw.where.span, raw.text, body_of(raw, subject.context.input.sources)});
    subject.context.fidelity.add(subject.id, "raw selinux", raw.where.span, Topic::raw, {});
    subject.context.diagnostics
        .report(Code::E1028, raw.where.span, "what this text grants or denies is no part of the policy's meaning")
        .note("promises and tests know nothing of it; report.json lists what it adds");
  }
}

}  // namespace macc::backends::selinux
