#include "compiler/lint/hits.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/fingerprint.h"

namespace macc::lint {

namespace {

constexpr std::size_t kMaxExcepted = 8;

/// Where ` except ...` would stand in a statement: before `owner` and the semicolon.
std::optional<std::uint32_t> end_of_objects(const SourceManager& sources, Span statement) {
  std::string_view text = sources.text(statement);
  if (text.find(" except") != std::string_view::npos || text.find("//") != std::string_view::npos) return std::nullopt;
  if (!text.ends_with(';')) return std::nullopt;
  text.remove_suffix(1);
  const auto trim = [&] {
    while (text.ends_with(' ')) text.remove_suffix(1);
  };
  trim();
  if (text.ends_with(" owner")) text.remove_suffix(6);
  trim();
  return statement.begin + static_cast<std::uint32_t>(text.size());
}

}  // namespace

bool is_script(const ir::Domain& domain) {
  constexpr std::string_view kEndings[] = {".py", ".sh", ".bash", ".pl", ".rb", ".js", ".php", ".lua", ".tcl"};
  return std::any_of(domain.entries.begin(), domain.entries.end(), [&](const ir::Entry& entry) {
    return std::any_of(entry.paths.include.begin(), entry.paths.include.end(), [&](const auto& pattern) {
      const std::string text = pattern.text();
      return std::any_of(std::begin(kEndings), std::end(kEndings),
                         [&](std::string_view ending) { return text.ends_with(ending); });
    });
  });
}

std::string_view word_of(const Use& use) { return use.exec ? "execute" : ir::word(use.verb); }

std::string may_text(const Context& context, const Subject& subject, const Use& use, const Hit& hit) {
  return fmt::format("`{}` may {} `{}`{}", subject.domain->name, word_of(use), printable(hit.example),
                     context.when(hit.values));
}

std::vector<Edit> except_edit(const Context& context, const Grant& grant, const SensitiveList& list) {
  if (grant.rule == nullptr || grant.paths->resource != ir::ResourceId::none) return {};
  const auto statement = context.statement(grant.where());
  const auto* file = std::get_if<ir::FileAccess>(&grant.rule->access);
  if (!statement || file == nullptr || !grant.rule->where.includes.empty()) return {};
  const auto end = end_of_objects(context.sources(), *statement);
  if (!end) return {};
  std::string out;
  std::size_t count = 0;
  for (const SensitivePattern& pattern : list.patterns) {
    if (!near(grant.starts, pattern.starts)) continue;
    if (!context.meaning().set(*grant.paths).meets(paths::PathSet::of(pattern.pattern))) continue;
    if (++count > kMaxExcepted) return {};
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", pattern.pattern.text());
  }
  if (count == 0) return {};
  // Nothing would be left of a rule on just these paths.
  const paths::PathSet left = context.meaning().set(*grant.paths);
  std::vector<paths::PathPattern> taken;
  for (const SensitivePattern& pattern : list.patterns) taken.push_back(pattern.pattern);
  if ((left - paths::PathSet::of(taken)).empty()) return {};
  return {{{statement->file, *end, *end}, fmt::format(" except {}{}{}", count == 1 ? "" : "{ ", out, count == 1 ? "" : " }")}};
}

std::vector<std::string> subjects_of(const Reach& reach, const Use& use, const SensitiveList& list) {
  std::vector<std::string> out;
  for (const SensitivePattern& pattern : list.patterns) {
    if (!near(use.grant->starts, pattern.starts)) continue;
    if (pattern.pattern.is_literal()) {
      if (reach.reaches(use, pattern.sample)) out.push_back(fmt::format("{} {}", word_of(use), pattern.sample));
      continue;
    }
    const auto reached = reach.reached({use}, paths::PathSet::of(pattern.pattern));
    if (reached)
      out.push_back(fmt::format("{} {} {}", word_of(use), pattern.pattern.text(), name_of(reached->set)));
  }
  return out;
}

Report report_hit(Context& context, Code lint, const Subject& subject, const Use& use, const Hit& hit) {
  Report report = context.report(lint, subject.id, use.grant->where(), may_text(context, subject, use, hit));
  report.note(fmt::format("{}: {}", hit.list->title, hit.list->harm));
  report.about(subjects_of(*subject.reach, use, *hit.list));
  report.fix(fmt::format("take {} out of the rule", hit.list->title), except_edit(context, *use.grant, *hit.list));
  return report;
}

void look_for_programs(Context& context, Code lint, std::string_view list, std::string_view advice) {
  for (const Subject& subject : context.subjects()) {
    if (list != "downloaders" && is_script(*subject.domain)) continue;
    each_hit(context, subject, {.lists = list, .verbs = {}, .exec = true}, [&](const Use& use, const Hit& hit) {
      const auto& exec = std::get<ir::ExecAccess>(use.grant->rule->access);
      if (exec.mode != ir::ExecAccess::Mode::inside) return;
      report_hit(context, lint, subject, use, hit).note(std::string(advice));
    });
  }
}

}  // namespace macc::lint
