#include "compiler/driver/fixes.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/base/edits.h"
#include "compiler/driver/output.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

std::string edited(const std::string& text, std::vector<Edit> edits) {
  sort_by_place(edits);
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
  sort_by_place(edits);
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

}  // namespace

FileId Fixes::first(FileId file) const {
  const auto known = firsts_.find(file);
  return known == firsts_.end() ? file : known->second;
}

FileId Fixes::now(FileId file) const {
  const auto known = files_.find(first(file));
  return known == files_.end() ? file : known->second.now;
}

Fixes::Key Fixes::key_of(const Diagnostic& d) const {
  const Edit& edit = d.fix->edits.front();
  return {first(edit.span.file), edit.span.begin, edit.span.end, edit.replacement};
}

void Fixes::put(FileId first, State& state, const std::string& text) {
  state.now = session_.loader.replace(state.now, text);
  firsts_[state.now] = first;
}

std::size_t Fixes::make(const std::vector<Diagnostic>& diagnostics,
                        const std::function<bool(const Diagnostic&)>& wanted, std::size_t limit) {
  before_ = files_;
  round_.clear();
  std::map<FileId, std::vector<Edit>> plans;
  std::size_t made = 0;
  for (const Diagnostic& d : diagnostics) {
    if (made == limit || !d.fix || d.fix->edits.empty() || !wanted(d) || refused_.contains(key_of(d))) continue;
    const FileId file = first(d.fix->edits.front().span.file);
    const SourceFile& source = session_.sources.file(file);
    if (source.is_bundled() || !go_together(plans[file], d.fix->edits)) continue;
    State& state = files_.try_emplace(file, State{file, MendedText(source.text()), {}}).first->second;
    plans[file].insert(plans[file].end(), d.fix->edits.begin(), d.fix->edits.end());
    const std::uint32_t place = state.text.original_place(d.primary.span.begin);
    state.done.push_back({{file, place, place}, d.fix->description, d.code});
    round_.insert(key_of(d));
    ++made;
  }
  for (auto& [file, edits] : plans) {
    if (edits.empty()) continue;
    State& state = files_.at(file);
    sort_by_place(edits);
    close_gaps(state.text.text(), edits);
    state.text.apply(edits);
    put(file, state, state.text.text());
  }
  return made;
}

void Fixes::take_back() {
  if (round_.size() == 1) refused_.insert(*round_.begin());
  for (auto& [file, state] : files_) {
    const auto old = before_.find(file);
    State back = old == before_.end() ? State{file, MendedText(session_.sources.file(file).text()), {}} : old->second;
    back.now = state.now;
    put(file, back, back.text.text());
    state = std::move(back);
  }
}

void Fixes::show() const {
  for (const auto& [file, state] : files_) {
    if (!state.done.empty()) session_.out += unified(session_.sources.file(file), state.text.edits(file));
  }
}

void Fixes::write() {
  for (auto& [id, state] : files_) {
    if (state.done.empty()) continue;
    const SourceFile& file = session_.sources.file(id);
    const fs::path path =
        fs::path(file.path()).is_absolute() ? fs::path(file.path()) : session_.environment.current / file.path();
    const Shown shown = [&](const fs::path& p) { return session_.loader.shown(p); };
    if (!replace_file(path, file.text(), state.text.text(), shown, session_.diagnostics)) continue;
    std::stable_sort(state.done.begin(), state.done.end());
    for (const Done& done : state.done) {
      session_.out += fmt::format("fixed {}: {} ({})\n", printable(session_.sources.describe(done.place), 400),
                                  done.description, info(done.code).name);
    }
  }
}

}  // namespace macc::driver
