#include <fmt/format.h>

#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void writable_secret(Context& context) {
  const ResourcesOf resources(context, ir::Kind::secret);
  for (const Subject& subject : context.subjects()) {
    const auto wanted = [&](const ir::Resource& resource) { return resource.owner == subject.id; };
    resources.each_reached(
        subject, writing_verbs() | ir::VerbSet{ir::Verb::delete_}, wanted,
        [&](ir::ResourceId id, const Use& use, const Reached& reached) {
          const ir::Resource& resource = context.policy().resource(id);
          context
              .report(Code::L0210, subject.id, use.grant->where(),
                      fmt::format("`{}` may {} `{}`, one of its keys{}", subject.domain->name, ir::word(use.verb),
                                  printable(reached.example), context.when(reached.values)))
              .with(resource.where, fmt::format("`{}` is secret", context.policy().qualified_name(id)))
              .note("a key that is replaced lets somebody else pose as this service")
              .note("allow reading only, and let another program renew keys")
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
  }
}

}  // namespace macc::lint::rules
