// The format for programs; docs/json.md describes it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/base/characters.h"
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

/// Places as JSON. They mostly come in order, and a line may be as long as the file: counting goes on from the last
/// one.
class Places {
 public:
  explicit Places(const SourceManager& sources) : sources_(sources) {}

  [[nodiscard]] Json of(Span span) {
    if (!span.valid()) return nullptr;
    const SourceFile& file = sources_.file(span.file);
    return {{"file", valid_utf8(file.path())}, {"begin", point(file, span.begin)}, {"end", point(file, span.end)}};
  }

 private:
  Json point(const SourceFile& file, std::uint32_t offset) {
    if (&file != file_ || offset < offset_ || offset >= line_end_) start(file, offset);
    const auto size = static_cast<std::uint32_t>(file.text().size());
    const std::string_view more = std::string_view(file.text()).substr(offset_, std::min(offset, size) - offset_);
    column_ += static_cast<std::uint32_t>(std::count_if(
        more.begin(), more.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    offset_ = std::min(offset, size);
    return {{"offset", offset}, {"line", line_}, {"column", column_}};
  }

  /// At the begin of the line that holds `offset`.
  void start(const SourceFile& file, std::uint32_t offset) {
    std::uint32_t first = 1;
    std::uint32_t last = file.line_count();
    while (first < last) {
      const std::uint32_t middle = first + (last - first + 1) / 2;
      if (file.line_begin(middle) <= offset) {
        first = middle;
      } else {
        last = middle - 1;
      }
    }
    file_ = &file;
    line_ = first;
    column_ = 1;
    offset_ = std::min(file.line_begin(first), static_cast<std::uint32_t>(file.text().size()));
    line_end_ = first < file.line_count() ? file.line_begin(first + 1) : static_cast<std::uint32_t>(-1);
  }

  const SourceManager& sources_;
  const SourceFile* file_ = nullptr;
  std::uint32_t offset_ = 0, line_ = 1, column_ = 1, line_end_ = 0;
};

Json labels(Places& places, const std::vector<Label>& list) {
  Json out = Json::array();
  for (const Label& l : list) out.push_back({{"place", places.of(l.span)}, {"text", valid_utf8(l.text)}});
  return out;
}

Json notes(Places& places, const std::vector<Note>& list) {
  Json out = Json::array();
  for (const Note& n : list) out.push_back({{"text", valid_utf8(n.text)}, {"place", places.of(n.span)}});
  return out;
}

Json fix(Places& places, const std::optional<Fix>& f) {
  if (!f) return nullptr;
  Json edits = Json::array();
  for (const Edit& e : f->edits) {
    edits.push_back({{"place", places.of(e.span)}, {"replacement", valid_utf8(e.replacement)}});
  }
  return {{"description", valid_utf8(f->description)}, {"safe", f->safe}, {"edits", std::move(edits)}};
}

Json diagnostic(Places& places, const Diagnostic& d) {
  const DiagnosticInfo& row = info(d.code);
  return {{"code", row.id},
          {"name", row.name},
          {"severity", word(d.severity)},
          {"blame", word(row.blame)},
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

/// JSON may hold any character; what hides or reorders text is written by number all the same, since people look at it.
std::string show_hidden(const std::string& json) {
  std::string out;
  char32_t before = 0;
  for (std::string_view rest = json; !rest.empty();) {
    const Character c = first_character(rest);
    const std::string_view bytes = rest.substr(0, c.bytes);
    const bool hidden = c.value != U'\n' && !hides(c.value, before).empty();
    if (hidden && c.value > 0xFFFF) {
      const char32_t rest_of_value = c.value - 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", static_cast<unsigned>(0xD800 + (rest_of_value >> 10U)),
                         static_cast<unsigned>(0xDC00 + (rest_of_value & 0x3FFU)));
    } else {
      out += hidden ? fmt::format("\\u{:04x}", static_cast<unsigned>(c.value)) : std::string(bytes);
    }
    before = c.value;
    rest.remove_prefix(c.bytes);
  }
  return out;
}

class JsonSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override {
    Json list = Json::array();
    Places places(report.sources);
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
    return show_hidden(all.dump(2)) + "\n";
  }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_json_sink(Style /*style*/) { return std::make_unique<JsonSink>(); }

}  // namespace macc::report
