#include <fmt/format.h>

#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void rewritable_log(Context& context) {
  const ResourcesOf resources(context, ir::Kind::log);
  for (const Subject& subject : context.subjects()) {
    const auto wanted = [&](const ir::Resource& resource) { return resource.owner == subject.id; };
    resources.each_reached(
        subject, ir::VerbSet{ir::Verb::write, ir::Verb::delete_, ir::Verb::rename}, wanted,
        [&](ir::ResourceId id, const Use& use, const Reached& reached) {
          const ir::Resource& resource = context.policy().resource(id);
          context
              .report(Code::L0209, subject.id, use.grant->where(),
                      fmt::format("`{}` may {} `{}`, which it logged itself{}", subject.domain->name,
                                  ir::word(use.verb), printable(reached.example), context.when(reached.values)))
              .with(resource.where, fmt::format("`{}` is a log", context.policy().qualified_name(id)))
              .note("an intruder takes back what was logged about the way in")
              .note("allow append and create, and leave rotation to logrotate")
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
  }
}

}  // namespace macc::lint::rules
