#include <fmt/format.h>

#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void foreign_config_writable(Context& context) {
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
