#include <fmt/format.h>

#include "compiler/lint/foreign.h"
#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/system_settings.h"

namespace macc::lint::rules {

namespace {

/// Settings in /etc that another domain reads, and that no resource declares.
void look_at_paths(Context& context) {
  const Others others(context,
                      [&](const Subject& owner, const Grant& grant) { return reads_settings(context, owner, grant); });
  for (const Subject& subject : context.subjects()) {
    others.each_written(subject, ir::Verb::read, [&](const Foreign& f) {
      if (!context.is_written_here(f.written.grant->where())) return;
      if (!is_undeclared_setting(context, f.written.reached.example)) return;
      context
          .report(Code::L0314, subject.id, f.written.grant->where(),
                  fmt::format("`{}` may {} `{}`, which `{}` reads{}", subject.domain->name, ir::word(f.written.verb),
                              printable(f.written.reached.example), f.owner->domain->name,
                              context.when(f.written.reached.values)))
          .with(f.grant->where(), fmt::format("`{}` reads it", f.owner->domain->name))
          .note("settings decide what the other program does, often also what it runs")
          .note("let the other domain offer a socket or a folder for what is handed over")
          .about(fmt::format("settings of {}", context.policy().qualified_name(f.owner->id)));
    });
  }
}

}  // namespace

void foreign_config_writable(Context& context) {
  look_at_paths(context);
  const ResourcesOf resources(context, ir::Kind::config);
  for (const Subject& subject : context.subjects()) {
    const auto wanted = [&](const ir::Resource& resource) {
      return resource.owner != subject.id && resource.owner != ir::DomainId::none;
    };
    resources.each_reached(
        subject, writing_verbs() | ir::VerbSet{ir::Verb::delete_}, wanted,
        [&](ir::ResourceId id, const Use& use, const Reached& reached) {
          const ir::Resource& resource = context.policy().resource(id);
          context
              .report(Code::L0314, subject.id, use.grant->where(),
                      fmt::format("`{}` may {} `{}`, settings of another domain{}", subject.domain->name,
                                  ir::word(use.verb), printable(reached.example), context.when(reached.values)))
              .with(resource.where, fmt::format("`{}` is declared here", context.policy().qualified_name(id)))
              .note("settings decide what the other program does, often also what it runs")
              .note("let the other domain offer a socket or a folder for what is handed over")
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
  }
}

}  // namespace macc::lint::rules
