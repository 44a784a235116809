#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/fingerprint.h"
#include "compiler/lint/pairs.h"
#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/system_settings.h"

namespace macc::lint::rules {

namespace {

bool lies_in_homes(const ir::Resource& resource) {
  return std::all_of(resource.paths.include.begin(), resource.paths.include.end(),
                     [](const auto& pattern) { return pattern.anchor() == paths::PathPattern::Anchor::home; });
}

constexpr const char* kHarm = "an intruder who changes the settings stays, and may switch off what the program guards";
constexpr const char* kInstead = "let an administrator write settings; what the program keeps itself is state";

/// Settings in /etc that the program reads by one rule and changes by another, or by the same.
void look_at_paths(Context& context, const Subject& subject) {
  const Writers writers(*subject.reach);
  for (const Grant& reader : subject.reach->grants()) {
    if (!reads_settings(context, subject, reader)) continue;
    const Use read{&reader, ir::Verb::read, false};
    const auto own = subject.reach->reached(read);
    const auto written =
        own ? first_writer(*subject.reach, writers, reader.starts, own->set) : std::optional<Written>();
    if (!written || !context.is_written_here(written->grant->where())) continue;
    if (!is_undeclared_setting(context, written->reached.example)) continue;
    Report report =
        context.report(Code::L0207, subject.id, written->grant->where(),
                       fmt::format("`{}` may {} `{}`, which is among its own settings{}", subject.domain->name,
                                   ir::word(written->verb), printable(written->reached.example),
                                   context.when(written->reached.values)));
    if (written->grant->rule->where.span != reader.rule->where.span) report.with(reader.where(), "it reads them here");
    report.note(kHarm).note(kInstead);
    report.about(fmt::format("{} {}", ir::word(written->verb), name_of(written->reached.set)));
  }
}

}  // namespace

void own_config_writable(Context& context) {
  const ResourcesOf resources(context, ir::Kind::config);
  for (const Subject& subject : context.subjects()) {
    const auto wanted = [&](const ir::Resource& resource) { return resource.owner == subject.id; };
    resources.each_reached(
        subject, writing_verbs() | ir::VerbSet{ir::Verb::delete_}, wanted,
        [&](ir::ResourceId id, const Use& use, const Reached& reached) {
          if (use.grant->owner && lies_in_homes(context.policy().resource(id))) return;  // users' own settings
          const ir::Resource& resource = context.policy().resource(id);
          context
              .report(Code::L0207, subject.id, use.grant->where(),
                      fmt::format("`{}` may {} `{}`, which is among its own settings{}", subject.domain->name,
                                  ir::word(use.verb), printable(reached.example), context.when(reached.values)))
              .with(resource.where, fmt::format("`{}` is config", context.policy().qualified_name(id)))
              .note(kHarm)
              .note(kInstead)
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
    look_at_paths(context, subject);
  }
}

}  // namespace macc::lint::rules
