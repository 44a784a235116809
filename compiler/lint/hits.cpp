#include "compiler/lint/hits.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/lint/fingerprint.h"
#include "compiler/lint/statements.h"

namespace macc::lint {

namespace {

constexpr std::size_t kMaxExcepted = 32;

/// Whether the `except` of a list has braces: `except { "a", "b" }`.
bool has_braces(const SourceManager& sources, const ast::ObjectList& list) {
  const Span before{list.span.file, ast::span_of(list.objects.back()).end, ast::span_of(list.except.front()).begin};
  std::string_view text = sources.text(before);
  while (text.find("//") != std::string_view::npos) {
    const std::size_t comment = text.find("//");
    if (text.substr(0, comment).find('{') != std::string_view::npos) return true;
    text.remove_prefix(std::min(text.find('\n', comment), text.size()));
  }
  return text.find('{') != std::string_view::npos;
}

/// The edits that leave more out of a list of objects. `patterns`, quoted, are `count`.
std::vector<Edit> leave_out(const SourceManager& sources, const ast::ObjectList& list, const std::string& patterns,
                            std::size_t count) {
  const auto insert = [&](std::uint32_t at, std::string text) {
    return Edit{{list.span.file, at, at}, std::move(text)};
  };
  const std::uint32_t end = ast::span_of(list.objects.back()).end;
  if (list.except.empty())
    return {insert(end, count == 1 ? " except " + patterns : fmt::format(" except {{ {} }}", patterns))};
  const Span first = ast::span_of(list.except.front());
  const std::uint32_t last = ast::span_of(list.except.back()).end;
  if (has_braces(sources, list)) return {insert(last, ", " + patterns)};
  return {insert(first.begin, "{ "), insert(last, fmt::format(", {} }}", patterns))};
}

}  // namespace

std::string_view script_ending(const paths::PathPattern& pattern) {
  static constexpr std::string_view kEndings[] = {".py", ".sh", ".bash", ".pl", ".rb", ".js", ".php", ".lua", ".tcl"};
  const std::string text = pattern.text();
  const auto* ending =
      std::find_if(std::begin(kEndings), std::end(kEndings), [&](std::string_view e) { return text.ends_with(e); });
  return ending == std::end(kEndings) ? std::string_view() : *ending;
}

bool is_script(const ir::Domain& domain) {
  return std::any_of(domain.entries.begin(), domain.entries.end(), [&](const ir::Entry& entry) {
    return std::any_of(entry.paths.include.begin(), entry.paths.include.end(),
                       [](const auto& pattern) { return !script_ending(pattern).empty(); });
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
  if (!statement || !std::holds_alternative<ir::FileAccess>(grant.rule->access)) return {};
  if (!grant.rule->where.includes.empty()) return {};
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
  const auto* rule = rule_at(context.tree(statement->file), *statement);
  const auto* objects = rule == nullptr ? nullptr : objects_of(*rule);
  if (objects == nullptr || objects->objects.empty()) return {};
  return leave_out(context.sources(), *objects, out, count);
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
    if (reached) out.push_back(fmt::format("{} {} {}", word_of(use), pattern.pattern.text(), name_of(reached->set)));
  }
  return out;
}

namespace {

constexpr std::size_t kMaxNamed = 4;

/// The programs of a list that a rule executes: those that it names, then others that it reaches, each as a path.
std::vector<std::string> programs_of(const Reach& reach, const Use& use, const SensitiveList& list) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& path) {
    if (std::find(out.begin(), out.end(), path) == out.end()) out.push_back(path);
  };
  for (const paths::PathPattern& written : use.grant->paths->include) {
    const std::string path = sample_of(written);
    const bool listed = !path.empty() && std::any_of(list.patterns.begin(), list.patterns.end(),
                                                     [&](const auto& row) { return row.pattern.matches(path); });
    if (listed && reach.reaches(use, path)) add(path);
  }
  for (const SensitivePattern& row : list.patterns) {
    if (std::any_of(out.begin(), out.end(), [&](const std::string& path) { return row.pattern.matches(path); }))
      continue;
    const SensitiveList one{.name = list.name, .title = list.title, .harm = list.harm, .patterns = {row}};
    if (const auto hit = Sensitive::hit(reach, use, one)) add(hit->example);
  }
  return out;
}

/// "`a`, `b` and 2 more"
std::string enumerated(const std::vector<std::string>& paths) {
  std::string out;
  const std::size_t named = std::min(paths.size(), kMaxNamed);
  for (std::size_t i = 0; i < named; ++i) {
    const bool last = i + 1 == paths.size();
    out += fmt::format("{}`{}`", i == 0 ? "" : last ? " and " : ", ", printable(paths[i]));
  }
  if (paths.size() > named) out += fmt::format(" and {} more", paths.size() - named);
  return out;
}

/// As may_text(), for all programs that the rule executes: one mending is then enough.
std::string may_execute_text(const Context& context, const Subject& subject, const Use& use, const Hit& hit) {
  const std::vector<std::string> programs = programs_of(*subject.reach, use, *hit.list);
  if (programs.size() < 2) return may_text(context, subject, use, hit);
  return fmt::format("`{}` may execute {}{}", subject.domain->name, enumerated(programs), context.when(hit.values));
}

}  // namespace

Report report_hit(Context& context, Code lint, const Subject& subject, const Use& use, const Hit& hit) {
  Report report =
      context.report(lint, subject.id, use.grant->where(),
                     use.exec ? may_execute_text(context, subject, use, hit) : may_text(context, subject, use, hit));
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
