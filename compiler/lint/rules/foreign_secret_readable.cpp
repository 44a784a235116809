#include <fmt/format.h>

#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void foreign_secret_readable(Context& context) {
  const ResourcesOf resources(context, ir::Kind::secret);
  for (const Subject& subject : context.subjects()) {
    const auto wanted = [&](const ir::Resource& resource) {
      return resource.owner != subject.id && resource.owner != ir::DomainId::none;
    };
    resources.each_reached(
        subject, ir::VerbSet{ir::Verb::read}, wanted, [&](ir::ResourceId id, const Use& use, const Reached& reached) {
          const ir::Resource& resource = context.policy().resource(id);
          context
              .report(Code::L0208, subject.id, use.grant->where(),
                      fmt::format("`{}` may {} `{}`, a secret of another domain{}", subject.domain->name,
                                  ir::word(use.verb), printable(reached.example), context.when(reached.values)))
              .with(resource.where, fmt::format("`{}` is declared here", context.policy().qualified_name(id)))
              .note("a secret that two programs read is lost with either of them")
              .note("give each program keys of its own")
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
  }
}

}  // namespace macc::lint::rules
