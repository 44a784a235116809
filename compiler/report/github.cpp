// Workflow commands of GitHub: each makes an annotation. What is no command shows in the log of the job.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/report/cells.h"
#include "compiler/report/places.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

std::string_view command(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "notice";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "";
}

/// Text behind `::`, in which a line break would begin another command.
std::string escaped_data(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n') {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out;
}

/// The value of a property, which also ends at a colon or comma.
std::string escaped_value(std::string_view text) {
  std::string out;
  for (const char c : escaped_data(text)) out += c == ':' ? "%3A" : c == ',' ? "%2C" : std::string(1, c);
  return out;
}

std::string place(Places& places, Span span) {
  if (!span.valid()) return "";
  const Places::Region r = places.region(span);
  std::string out =
      fmt::format("file={},line={},endLine={},", escaped_value(safe(places.file(span.file))), r.begin.line, r.end.line);
  // Columns are only taken for a place within one line; the last one belongs to it.
  if (r.begin.line == r.end.line)
    out += fmt::format("col={},endColumn={},", r.begin.column, std::max(r.begin.column, r.end.column - 1));
  return out;
}

class GithubSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override {
    Places places(report);
    std::string out;
    for (const Diagnostic& d : report.diagnostics) {
      const DiagnosticInfo& row = info(d.code);
      std::string message;
      for (const std::string& sentence : sentences(report.sources, d))
        message += (message.empty() ? "" : "\n") + sentence;
      out += fmt::format("::{} {}title={}::{}\n", command(d.severity), place(places, d.primary.span),
                         escaped_value(fmt::format("{} {}", row.id, row.name)), escaped_data(message));
    }
    const std::string summary = summary_line(count(report.diagnostics));
    return summary.empty() ? out : out + summary + "\n";
  }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_github_sink(Style /*style*/) { return std::make_unique<GithubSink>(); }

}  // namespace macc::report
