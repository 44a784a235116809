#include "compiler/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "compiler/base/characters.h"

namespace macc {

const std::vector<DiagnosticInfo>& diagnostic_catalogue() {
  static const std::vector<DiagnosticInfo> rows = {
#define MACC_DIAGNOSTIC(code, name, severity, blame, title) \
  {Code::code, "MACC-" #code, name, Severity::severity, Blame::blame, title},
#include "compiler/base/diagnostics.def"
#undef MACC_DIAGNOSTIC
#define MACC_LINT(code, function, name, severity, state, scope, title) \
  {Code::code, "MACC-" #code, name, Severity::severity, Blame::check, title},
#include "compiler/base/lints.def"
#undef MACC_LINT
  };
  return rows;
}

const std::vector<LintInfo>& lint_catalogue() {
  [[maybe_unused]] constexpr bool on = true;
  [[maybe_unused]] constexpr bool off = false;
  static const std::vector<LintInfo> rows = {
#define MACC_LINT(code, function, name, severity, state, scope, title) {Code::code, state, LintScope::scope},
#include "compiler/base/lints.def"
#undef MACC_LINT
  };
  return rows;
}

const LintInfo* find_lint(Code code) {
  for (const LintInfo& row : lint_catalogue()) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

const LintInfo* find_lint(std::string_view wanted) {
  const DiagnosticInfo* row = find_diagnostic(wanted);
  return row == nullptr ? nullptr : find_lint(row->code);
}

const DiagnosticInfo& info(Code code) { return diagnostic_catalogue().at(static_cast<std::size_t>(code)); }

namespace {
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}
}  // namespace

const DiagnosticInfo* find_diagnostic(std::string_view wanted) {
  for (const DiagnosticInfo& row : diagnostic_catalogue()) {
    if (same_word(wanted, row.id) || same_word(wanted, row.id.substr(5)) || same_word(wanted, row.name)) return &row;
  }
  return nullptr;
}

Diagnostic::Diagnostic(Code code_, Span span, std::string message_)
    : code(code_), severity(info(code_).severity), message(std::move(message_)), primary{span, {}} {}

Diagnostic& Diagnostic::label(std::string text) & {
  primary.text = std::move(text);
  return *this;
}

Diagnostic& Diagnostic::also(Span span, std::string text) & {
  if (span.valid()) secondary.push_back({span, std::move(text)});
  return *this;
}

Diagnostic& Diagnostic::note(std::string text, Span span) & {
  notes.push_back({std::move(text), span});
  return *this;
}

Diagnostic& Diagnostic::suggest(std::string description, std::vector<Edit> edits, bool safe) & {
  fix = Fix{std::move(description), std::move(edits), safe};
  return *this;
}

Diagnostic& Diagnostics::report(Code code, Span span, std::string message) {
  add(Diagnostic(code, span, std::move(message)));
  return list_.back();
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Severity::error) ++errors_;
  list_.push_back(std::move(diagnostic));
}

void Diagnostics::sort() {
  std::stable_sort(list_.begin(), list_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    const auto key = [](const Diagnostic& d) {
      return std::tuple(!d.primary.span.valid(), d.primary.span.file, d.primary.span.begin);
    };
    return key(a) < key(b);
  });
}

namespace {
/// Edits (insert, delete, replace, swap of neighbours) from a to b; counts no further than `limit` + 1.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[b.size()];
}
}  // namespace

namespace {

struct OtherWord {
  std::string_view word, meant;
};
constexpr std::array kOtherWords = {
#define MACC_OTHER_WORD(word, meant) OtherWord{word, meant},
#include "compiler/base/other_words.def"
#undef MACC_OTHER_WORD
};

/// What C headers put before the names that macc uses.
constexpr std::array<std::string_view, 5> kPrefixes = {"cap_", "sig", "af_", "pf_", "ms_"};

bool starts_as(std::string_view word, std::string_view start) {
  return word.size() > start.size() && same_word(word.substr(0, start.size()), start);
}

/// The candidate that is this word but for its case and what C puts before it, or "".
std::string same_but_dressed(std::string_view word, const std::vector<std::string>& candidates) {
  const auto is = [&](std::string_view other) {
    const auto it = std::find_if(candidates.begin(), candidates.end(),
                                 [&](const std::string& candidate) { return same_word(candidate, other); });
    return it == candidates.end() ? std::string() : *it;
  };
  if (std::string found = is(word); !found.empty() && found != word) return found;
  for (const std::string_view prefix : kPrefixes) {
    if (!starts_as(word, prefix)) continue;
    if (std::string found = is(word.substr(prefix.size())); !found.empty()) return found;
  }
  return {};
}

/// The only candidate that goes on where the word breaks off, or "".
std::string only_longer(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() < 3) return {};
  std::string found;
  for (const std::string& candidate : candidates) {
    if (!starts_as(candidate, word) || candidate == found) continue;
    if (!found.empty()) return {};
    found = candidate;
  }
  return found;
}

/// Two slips in a short word leave too little to guess from, unless it begins alike.
bool too_far(std::string_view word, std::string_view candidate, std::size_t edits) {
  return edits > 1 && word.size() <= 4 && lower(word.front()) != lower(candidate.front());
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 64) return {};
  if (std::string found = same_but_dressed(word, candidates); !found.empty()) return found;
  for (const OtherWord& other : kOtherWords) {
    if (!same_word(word, other.word)) continue;
    if (other.meant.empty()) return {};
    if (std::find(candidates.begin(), candidates.end(), other.meant) != candidates.end())
      return std::string(other.meant);
  }
  const std::size_t limit = word.size() <= 3 ? 1 : word.size() <= 6 ? 2 : 3;
  std::size_t best = limit + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate == word) continue;
    const std::size_t d = edit_distance(word, candidate, limit);
    // A guess that replaces the whole word is noise.
    if (d < best && d < std::max(word.size(), candidate.size()) && !too_far(word, candidate, d)) {
      best = d;
      found = candidate;
    }
  }
  return found.empty() ? only_longer(word, candidates) : found;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  std::string_view rest = text;
  std::string_view tail;
  if (text.size() > limit) {
    rest = text.substr(0, limit * 2 / 3);
    tail = text.substr(text.size() - limit / 4);
  }
  const auto append = [&out](std::string_view part) {
    char32_t before = 0;
    while (!part.empty()) {
      const Character c = first_character(part);
      out += c.valid && hides(c.value, before).empty() ? std::string(part.substr(0, c.bytes)) : escaped(c);
      before = c.value;
      part.remove_prefix(c.bytes);
    }
  };
  append(rest);
  if (!tail.empty()) {
    out += "...";
    append(tail);
  }
  return out;
}

Edit removal(const SourceFile& file, Span statement) {
  const std::string& text = file.text();
  const auto is_space = [&](std::size_t at) { return text[at] == ' ' || text[at] == '\t' || text[at] == '\r'; };
  const auto edit = [&](std::size_t begin, std::size_t end) {
    return Edit{{statement.file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}, ""};
  };
  std::size_t begin = statement.begin;
  while (begin > 0 && is_space(begin - 1)) --begin;
  if (begin > 0 && text[begin - 1] != '\n')
    return edit(begin, statement.end);  // a comment may speak for what is before
  std::size_t end = statement.end;
  while (end < text.size() && is_space(end)) ++end;
  if (text.compare(end, 2, "//") == 0) end = std::min(text.find('\n', end), text.size());
  if (end < text.size() && text[end] != '\n') return edit(statement.begin, end);
  return edit(begin, std::min(end + 1, text.size()));
}

}  // namespace macc
