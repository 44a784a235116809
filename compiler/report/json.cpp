// The format for programs; docs/json.md describes it.
#include "compiler/report/cells.h"
#include "compiler/report/json_text.h"
#include "compiler/report/places.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

/// Changes when a reader of the old format would misread the new one.
constexpr int kVersion = 1;

std::string_view blame_word(Blame blame) {
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

Json point(const Places::Point& p) { return {{"offset", p.offset}, {"line", p.line}, {"column", p.column}}; }

/// Places with the names that people are shown.
class JsonPlaces {
 public:
  explicit JsonPlaces(const Report& report) : sources_(report.sources), places_(report) {}

  [[nodiscard]] Json of(Span span) {
    if (!span.valid()) return nullptr;
    const Places::Region region = places_.region(span);
    return {{"file", valid_utf8(sources_.file(span.file).path())},
            {"begin", point(region.begin)},
            {"end", point(region.end)}};
  }

 private:
  const SourceManager& sources_;
  Places places_;
};

Json labels(JsonPlaces& places, const std::vector<Label>& list) {
  Json out = Json::array();
  for (const Label& l : list) out.push_back({{"place", places.of(l.span)}, {"text", valid_utf8(l.text)}});
  return out;
}

Json notes(JsonPlaces& places, const std::vector<Note>& list) {
  Json out = Json::array();
  for (const Note& n : list) out.push_back({{"text", valid_utf8(n.text)}, {"place", places.of(n.span)}});
  return out;
}

Json fix(JsonPlaces& places, const std::optional<Fix>& f) {
  if (!f) return nullptr;
  Json edits = Json::array();
  for (const Edit& e : f->edits) {
    edits.push_back({{"place", places.of(e.span)}, {"replacement", valid_utf8(e.replacement)}});
  }
  return {{"description", valid_utf8(f->description)}, {"safe", f->safe}, {"edits", std::move(edits)}};
}

Json diagnostic(JsonPlaces& places, const Diagnostic& d) {
  const DiagnosticInfo& row = info(d.code);
  return {{"code", row.id},
          {"name", row.name},
          {"severity", word(d.severity)},
          {"blame", blame_word(row.blame)},
          {"message", valid_utf8(d.message)},
          {"place", places.of(d.primary.span)},
          {"label", valid_utf8(d.primary.text)},
          {"related", labels(places, d.secondary)},
          {"notes", notes(places, d.notes)},
          {"fix", fix(places, d.fix)}};
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
    JsonPlaces places(report);
    for (const Diagnostic& d : report.diagnostics) list.push_back(diagnostic(places, d));
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
    return text_of(all);
  }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_json_sink(Style /*style*/) { return std::make_unique<JsonSink>(); }

}  // namespace macc::report
