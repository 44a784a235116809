#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/resources.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

bool lies_in_homes(const ir::Resource& resource) {
  return std::all_of(resource.paths.include.begin(), resource.paths.include.end(),
                     [](const auto& pattern) { return pattern.anchor() == paths::PathPattern::Anchor::home; });
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
              .note("an intruder who changes the settings stays, and may switch off what the program guards")
              .note("let an administrator write settings; what the program keeps itself is state")
              .about(fmt::format("{} {}", ir::word(use.verb), context.policy().qualified_name(id)));
        });
  }
}

}  // namespace macc::lint::rules
