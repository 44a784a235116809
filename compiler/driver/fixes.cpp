#include "compiler/driver/fixes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "compiler/driver/output.h"
#include "compiler/syntax/parse.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// The fixes of one file that go together.
struct FilePlan {
  std::vector<Edit> edits;  ///< none overlaps another
  std::vector<const Diagnostic*> fixed;
};

bool overlap(Span a, Span b) { return a.begin < b.end && b.begin < a.end; }

bool fits(const FilePlan& plan, const std::vector<Edit>& edits) {
  return std::none_of(edits.begin(), edits.end(), [&](const Edit& edit) {
    return std::any_of(plan.edits.begin(), plan.edits.end(), [&](const Edit& other) {
      return overlap(edit.span, other.span) || edit.span.begin == other.span.begin;
    });
  });
}

std::string edited(const std::string& text, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
  std::string out;
  std::size_t at = 0;
  for (const Edit& edit : edits) {
    out.append(text, at, edit.span.begin - at);
    out += edit.replacement;
    at = edit.span.end;
  }
  return out.append(text, at);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
    text.remove_prefix(out.back().size());
  }
  return out;
}

/// A run of old lines and what takes their place.
struct Hunk {
  std::size_t first = 0, last = 0;  ///< old lines, half open, from 0 on
  std::string replacement;
};

/// The edits as runs of whole lines, in order.
std::vector<Hunk> hunks_of(const SourceFile& file, std::vector<Edit> edits) {
  std::sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
  std::vector<std::vector<Edit>> groups;
  std::vector<Hunk> out;
  for (const Edit& edit : edits) {
    const std::size_t first = file.position(edit.span.begin).line - 1;
    const std::size_t last = std::max<std::size_t>(
        first + 1, file.position(edit.span.end).line -
                       (edit.span.end == file.line_begin(file.position(edit.span.end).line) ? 1 : 0));
    if (!out.empty() && first < out.back().last) {
      out.back().last = std::max(out.back().last, last);
      groups.back().push_back(edit);
      continue;
    }
    out.push_back({first, last, ""});
    groups.push_back({edit});
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint32_t begin = file.line_begin(static_cast<std::uint32_t>(out[i].first) + 1);
    const std::uint32_t end = out[i].last < file.line_count()
                                  ? file.line_begin(static_cast<std::uint32_t>(out[i].last) + 1)
                                  : static_cast<std::uint32_t>(file.text().size());
    for (Edit& edit : groups[i]) {
      edit.span.begin -= begin;
      edit.span.end -= begin;
    }
    out[i].replacement = edited(file.text().substr(begin, end - begin), groups[i]);
  }
  return out;
}

/// Unified form with three lines of context. Runs that share lines of context stand in one hunk.
std::string unified(const SourceFile& file, const std::vector<Edit>& edits) {
  constexpr std::size_t kContext = 3;
  const std::vector<std::string_view> lines = lines_of(file.text());
  const std::vector<Hunk> runs = hunks_of(file, edits);
  std::string out = fmt::format("--- {0}\n+++ {0}\n", printable(file.path(), 400));
  std::size_t added = 0, removed = 0;  // in the hunks before
  for (std::size_t first = 0, next = 0; first < runs.size(); first = next) {
    for (next = first + 1; next < runs.size() && runs[next].first <= runs[next - 1].last + 2 * kContext;) ++next;
    const std::size_t begin = runs[first].first - std::min(runs[first].first, kContext);
    const std::size_t end = std::min(lines.size(), runs[next - 1].last + kContext);
    std::string body;
    std::size_t old_count = 0, new_count = 0, at = begin;
    const auto add = [&](char mark, std::string_view line) {
      if (line.ends_with('\n')) line.remove_suffix(1);
      body += fmt::format("{}{}\n", mark, line);
      old_count += mark == '+' ? 0 : 1;
      new_count += mark == '-' ? 0 : 1;
    };
    for (std::size_t i = first; i < next; ++i) {
      for (; at < runs[i].first; ++at) add(' ', lines[at]);
      for (; at < runs[i].last; ++at) add('-', lines[at]);
      for (const std::string_view line : lines_of(runs[i].replacement)) add('+', line);
    }
    for (; at < end; ++at) add(' ', lines[at]);
    out += fmt::format("@@ -{},{} +{},{} @@\n{}", begin + 1, old_count, begin + 1 + added - removed, new_count, body);
    added += new_count;
    removed += old_count;
  }
  return out;
}

void check_parses(const SourceFile& file, const std::string& text) {
  SourceManager sources;
  Diagnostics found;
  (void)syntax::parse(sources, sources.add(file.path(), text), found);
  if (found.has_errors())
    throw std::logic_error(fmt::format("a fix would break `{}`: {}", file.path(), found.all().front().message));
}

}  // namespace

void apply_fixes(Session& session, std::vector<Diagnostic>& diagnostics,
                 const std::function<bool(const Diagnostic&)>& wanted, bool show_only) {
  std::map<FileId, FilePlan> plans;
  std::size_t waiting = 0;
  for (const Diagnostic& d : diagnostics) {
    if (!d.fix || d.fix->edits.empty() || !wanted(d)) continue;
    const FileId file = d.fix->edits.front().span.file;
    if (session.sources.file(file).is_bundled()) continue;
    FilePlan& plan = plans[file];
    if (!fits(plan, d.fix->edits)) {
      ++waiting;
      continue;
    }
    plan.edits.insert(plan.edits.end(), d.fix->edits.begin(), d.fix->edits.end());
    plan.fixed.push_back(&d);
  }
  std::set<const Diagnostic*> done;
  for (auto& [id, plan] : plans) {
    const SourceFile& file = session.sources.file(id);
    const std::string text = edited(file.text(), plan.edits);
    check_parses(file, text);
    if (show_only) {
      session.out += unified(file, plan.edits);
      continue;
    }
    const fs::path path =
        fs::path(file.path()).is_absolute() ? fs::path(file.path()) : session.environment.current / file.path();
    const Shown shown = [&](const fs::path& p) { return session.loader.shown(p); };
    if (!replace_file(path, file.text(), text, shown, session.diagnostics)) continue;
    std::sort(plan.fixed.begin(), plan.fixed.end(),
              [](const Diagnostic* a, const Diagnostic* b) { return a->primary.span < b->primary.span; });
    for (const Diagnostic* d : plan.fixed) {
      session.out += fmt::format("fixed {}: {} ({})\n", printable(session.sources.describe(d->primary.span), 400),
                                 d->fix->description, info(d->code).name);
      done.insert(d);
    }
  }
  if (waiting != 0) session.out += fmt::format("{} more touch the same places: run it again\n", waiting);
  std::erase_if(diagnostics, [&](const Diagnostic& d) { return done.contains(&d); });
}

}  // namespace macc::driver
