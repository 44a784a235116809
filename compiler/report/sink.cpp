#include "compiler/report/sink.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/report/sinks.h"

namespace macc::report {

std::optional<Format> format_of(std::string_view wanted) {
#define MACC_FORMAT(enumerator, word, scope, doc) \
  if (wanted == (word)) return Format::enumerator;
#include "compiler/report/formats.def"
#undef MACC_FORMAT
  return std::nullopt;
}

std::vector<std::string> format_words(FormatScope needed) {
  std::vector<std::string> words;
#define MACC_FORMAT(enumerator, word, scope, doc) \
  if (FormatScope::scope <= needed) words.emplace_back(word);
#include "compiler/report/formats.def"
#undef MACC_FORMAT
  return words;
}

std::unique_ptr<Sink> make_sink(Format format, Style style) {
  switch (format) {
#define MACC_FORMAT(enumerator, word, scope, doc) \
  case Format::enumerator:                        \
    return make_##enumerator##_sink(style);
#include "compiler/report/formats.def"
#undef MACC_FORMAT
  }
  return nullptr;
}

Counts count(const std::vector<Diagnostic>& diagnostics) {
  Counts counts;
  for (const Diagnostic& d : diagnostics) {
    ++(d.severity == Severity::error     ? counts.errors
       : d.severity == Severity::warning ? counts.warnings
                                         : counts.notes);
  }
  return counts;
}

std::string summary_line(const Counts& counts) {
  const auto part = [](std::size_t n, const char* one) { return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s"); };
  std::string out;
  if (counts.errors != 0) out = part(counts.errors, "error");
  if (counts.warnings != 0) out += (out.empty() ? "" : ", ") + part(counts.warnings, "warning");
  return out;
}

namespace {

int exit_code_of(const Diagnostic& error) {
  switch (info(error.code).blame) {
    case Blame::check:
      return kExitCheck;
    case Blame::input:
      return kExitInput;
    case Blame::environment:
      return kExitEnvironment;
  }
  return kExitOk;
}

}  // namespace

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

int exit_code(const std::vector<Diagnostic>& diagnostics) {
  int code = kExitOk;
  for (const Diagnostic& d : diagnostics) {
    if (d.severity == Severity::error) code = std::max(code, exit_code_of(d));
  }
  return code;
}

int exit_code(const std::vector<Diagnostic>& diagnostics, std::optional<Severity> fail_on) {
  int code = kExitOk;
  for (const Diagnostic& d : diagnostics) {
    const bool failure = d.severity == Severity::error && find_lint(d.code) == nullptr;
    if (failure) code = std::max(code, exit_code_of(d));
    if (fail_on && d.severity >= *fail_on) code = std::max(code, kExitCheck);
  }
  return code;
}

}  // namespace macc::report
