#include "compiler/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace macc {

const std::vector<DiagnosticInfo>& diagnostic_catalogue() {
  static const std::vector<DiagnosticInfo> rows = {
#define MACC_DIAGNOSTIC(code, name, severity, blame, title) \
  {Code::code, "MACC-" #code, name, Severity::severity, Blame::blame, title},
#include "compiler/base/diagnostics.def"
#undef MACC_DIAGNOSTIC
  };
  return rows;
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

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > 64) return {};
  const std::size_t limit = word.size() <= 3 ? 1 : word.size() <= 6 ? 2 : 3;
  std::size_t best = limit + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (candidate == word) continue;
    const std::size_t d = edit_distance(word, candidate, limit);
    // A guess that replaces the whole word is noise.
    if (d < best && d < std::max(word.size(), candidate.size())) {
      best = d;
      found = candidate;
    }
  }
  return found;
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
    while (!part.empty()) {
      const auto c = static_cast<unsigned char>(part.front());
      const std::size_t bad = find_invalid_utf8(part.substr(0, std::min<std::size_t>(part.size(), 4)));
      // C1 controls (U+0080..U+009F) steer terminals as well.
      const bool c1 = c == 0xC2 && part.size() > 1 && static_cast<unsigned char>(part[1]) < 0xA0;
      if (c < 0x20 || c == 0x7F || bad == 0 || c1) {
        out += fmt::format("\\x{:02x}", c);
        part.remove_prefix(1);
        continue;
      }
      out += part.front();
      part.remove_prefix(1);
      while (!part.empty() && (static_cast<unsigned char>(part.front()) & 0xC0U) == 0x80U && c >= 0x80) {
        out += part.front();
        part.remove_prefix(1);
      }
    }
  };
  append(rest);
  if (!tail.empty()) {
    out += "...";
    append(tail);
  }
  return out;
}

}  // namespace macc
