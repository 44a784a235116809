#include <fmt/format.h>

#include "compiler/lint/foreign.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

bool runs(const Subject& /*owner*/, const Grant& grant) {
  return grant.exec || grant.entry != nullptr || grant.verbs.has(ir::Verb::load);
}

std::string_view how(const Grant& grant) {
  if (grant.entry != nullptr) return "starts by";
  return grant.exec ? "executes" : "loads";
}

}  // namespace

void foreign_program_writable(Context& context) {
  const Others others(context, runs);
  for (const Subject& subject : context.subjects()) {
    others.each_written(subject, ir::Verb::load, [&](const Foreign& f) {
      context
          .report(Code::L0310, subject.id, f.written.grant->where(),
                  fmt::format("`{}` may {} `{}`, which `{}` {}{}", subject.domain->name, ir::word(f.written.verb),
                              printable(f.written.reached.example), f.owner->domain->name, how(*f.grant),
                              context.when(f.written.reached.values)))
          .with(f.grant->where(), fmt::format("`{}` runs it", f.owner->domain->name))
          .note(fmt::format("whoever takes over `{}` has `{}` as well", subject.domain->name, f.owner->domain->name))
          .note("keep programs and plugins where no domain writes")
          .about("program of " + context.policy().qualified_name(f.owner->id));
    });
  }
}

}  // namespace macc::lint::rules
