#include <fmt/format.h>

#include "compiler/lint/hits.h"
#include "compiler/lint/pairs.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

/// The scripts in the folder of an entry and beneath it: interpreters look there for modules first.
paths::PathSet scripts_beside(const ir::Entry& entry) {
  std::vector<paths::PathPattern> out;
  for (const paths::PathPattern& pattern : entry.paths.include) {
    const std::string_view ending = script_ending(pattern);
    if (ending.empty() || pattern.components().empty()) continue;
    std::vector<paths::Component> parts(pattern.components().begin(), std::prev(pattern.components().end()));
    parts.push_back({true, {}});
    parts.push_back({false, {{paths::AnyChars{}}, {paths::Literal{std::string(ending)}}}});
    out.push_back(paths::PathPattern::from_parts(pattern.anchor(), std::move(parts), pattern.tail(), false));
  }
  return paths::PathSet::of(out);
}

void look_at_entry(Context& context, const Subject& subject, const Writers& writers, const Grant& entry) {
  auto written =
      first_writer(*subject.reach, writers, entry.starts, context.meaning().objects(ir::Verb::load, *entry.paths));
  const bool program = written.has_value();
  for (const Grant& writer : subject.reach->grants()) {
    if (written) break;
    if (writer.rule != nullptr && !writer.exec)
      written = written_by(*subject.reach, writer, scripts_beside(*entry.entry));
  }
  if (!written) return;
  context
      .report(Code::L0311, subject.id, written->grant->where(),
              fmt::format("`{}` may {} {}`{}`{}{}", subject.domain->name, ir::word(written->verb),
                          program ? "its own program " : "", printable(written->reached.example),
                          program ? "" : ", which its script may import", context.when(written->reached.values)))
      .with(entry.where(), "the program of this domain")
      .note("an intruder stays: the next start runs what was left there")
      .note("let the package manager install programs, and keep this folder read-only")
      .about("own program");
}

}  // namespace

void own_program_writable(Context& context) {
  for (const Subject& subject : context.subjects()) {
    const Writers writers(*subject.reach);
    if (writers.empty()) continue;
    for (const Grant& entry : subject.reach->grants()) {
      if (entry.entry != nullptr) look_at_entry(context, subject, writers, entry);
    }
  }
}

}  // namespace macc::lint::rules
