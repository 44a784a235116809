// The format for programs; docs/json.md describes it.
#include <nlohmann/json.hpp>

#include "compiler/report/cells.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

using Json = nlohmann::ordered_json;

/// Changes when a reader of the old format would misread the new one.
constexpr int kVersion = 1;

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

std::string_view word(Blame blame) {
  switch (blame) {
    case Blame::input:
      return "input";
    case Blame::check:
      return "check";
    case Blame::environment:
      return "environment";
  }
  return "";
}

Json point(const SourceFile& file, std::uint32_t offset) {
  const Position p = file.position(offset);
  return {{"offset", offset}, {"line", p.line}, {"column", p.column}};
}

Json place(const SourceManager& sources, Span span) {
  if (!span.valid()) return nullptr;
  const SourceFile& file = sources.file(span.file);
  return {{"file", valid_utf8(file.path())}, {"begin", point(file, span.begin)}, {"end", point(file, span.end)}};
}

Json labels(const SourceManager& sources, const std::vector<Label>& list) {
  Json out = Json::array();
  for (const Label& l : list) out.push_back({{"place", place(sources, l.span)}, {"text", valid_utf8(l.text)}});
  return out;
}

Json notes(const SourceManager& sources, const std::vector<Note>& list) {
  Json out = Json::array();
  for (const Note& n : list) out.push_back({{"text", valid_utf8(n.text)}, {"place", place(sources, n.span)}});
  return out;
}

Json fix(const SourceManager& sources, const std::optional<Fix>& f) {
  if (!f) return nullptr;
  Json edits = Json::array();
  for (const Edit& e : f->edits) {
    edits.push_back({{"place", place(sources, e.span)}, {"replacement", valid_utf8(e.replacement)}});
  }
  return {{"description", valid_utf8(f->description)}, {"safe", f->safe}, {"edits", std::move(edits)}};
}

Json diagnostic(const SourceManager& sources, const Diagnostic& d) {
  const DiagnosticInfo& row = info(d.code);
  return {{"code", row.id},
          {"name", row.name},
          {"severity", word(d.severity)},
          {"blame", word(row.blame)},
          {"message", valid_utf8(d.message)},
          {"place", place(sources, d.primary.span)},
          {"label", valid_utf8(d.primary.text)},
          {"related", labels(sources, d.secondary)},
          {"notes", notes(sources, d.notes)},
          {"fix", fix(sources, d.fix)}};
}

Json target(const TargetOutcome& t) {
  Json artifacts = Json::array();
  for (const std::string& path : t.artifacts) artifacts.push_back(valid_utf8(path));
  return {{"name", valid_utf8(t.name)},
          {"backend", t.backend},
          {"written", t.written},
          {"report", t.report.empty() ? Json(nullptr) : Json(valid_utf8(t.report))},
          {"artifacts", std::move(artifacts)}};
}

class JsonSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override {
    Json list = Json::array();
    for (const Diagnostic& d : report.diagnostics) list.push_back(diagnostic(report.sources, d));
    Json targets = Json::array();
    for (const TargetOutcome& t : report.targets) targets.push_back(target(t));
    const Counts counts = count(report.diagnostics);
    const Json all = {{"version", kVersion},
                      {"diagnostics", std::move(list)},
                      {"targets", std::move(targets)},
                      {"summary",
                       {{"errors", counts.errors},
                        {"warnings", counts.warnings},
                        {"notes", counts.notes},
                        {"exit_code", report.exit_code}}}};
    return all.dump(2) + "\n";
  }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_json_sink(Style /*style*/) { return std::make_unique<JsonSink>(); }

}  // namespace macc::report
