// SARIF 2.1.0 (OASIS): results with places for code scanning; docs/ci.md says what stands where.
#include <fmt/format.h>

#include <map>

#include "compiler/report/cells.h"
#include "compiler/report/json_text.h"
#include "compiler/report/places.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// The base of relative names. Where it is, whoever reads the log knows: it differs from machine to machine.
constexpr std::string_view kRoot = "%SRCROOT%";
/// Changes when fingerprints of the same findings do.
constexpr std::string_view kFingerprint = "maccFingerprint/v1";

Json text(std::string_view words) { return {{"text", valid_utf8(words)}}; }

/// The codes that occur with a place, or without one, in the order of the catalogue.
class Descriptors {
 public:
  Descriptors(const Report& report, bool placed) : report_(report) {
    for (const Diagnostic& d : report.diagnostics) {
      if (d.primary.span.valid() == placed) index_.emplace(d.code, 0);
    }
    std::size_t next = 0;
    for (auto& [code, index] : index_) index = next++;
  }
  [[nodiscard]] std::size_t index(Code code) const { return index_.at(code); }
  [[nodiscard]] Json json() const {
    Json out = Json::array();
    for (const auto& [code, index] : index_) out.push_back(descriptor(info(code)));
    return out;
  }

 private:
  [[nodiscard]] Json descriptor(const DiagnosticInfo& row) const {
    Json out = {{"id", row.id},
                {"name", row.name},
                {"shortDescription", text(row.title)},
                {"fullDescription", text(row.title)},
                {"defaultConfiguration", {{"level", word(row.severity)}}}};
    out["help"] = text(fmt::format("{}; `macc explain {}` says more", row.title, row.id));
    const std::string_view page = report_.page == nullptr ? "" : report_.page(row.code);
    if (!page.empty()) out["help"]["markdown"] = valid_utf8(page);
    return out;
  }

  const Report& report_;
  std::map<Code, std::size_t> index_;
};

class Log {
 public:
  explicit Log(const Report& report)
      : report_(report), rules_(report, true), notices_(report, false), places_(report) {}

  [[nodiscard]] Json json() {
    Json results = Json::array();
    Json notifications = Json::array();
    for (const Diagnostic& d : report_.diagnostics) {
      // A result without a place is refused by services; what is wrong with the run itself has none.
      if (d.primary.span.valid()) {
        results.push_back(result(d));
      } else {
        notifications.push_back(notification(d));
      }
    }
    Json driver = {{"name", "macc"}, {"rules", rules_.json()}, {"notifications", notices_.json()}};
    if (!report_.version.empty()) driver["version"] = report_.version;
    return {
        {"$schema", kSchema},
        {"version", "2.1.0"},
        {"runs", Json::array({{{"tool", {{"driver", std::move(driver)}}},
                               {"invocations", Json::array({invocation(std::move(notifications))})},
                               {"originalUriBaseIds", {{kRoot, {{"description", text("the root of the repository")}}}}},
                               {"columnKind", "unicodeCodePoints"},
                               {"results", std::move(results)}}})}};
  }

 private:
  [[nodiscard]] Json invocation(Json notifications) const {
    // A policy that could not be read whole was not checked: that nothing was found says nothing then.
    return {{"executionSuccessful", report_.exit_code <= kExitCheck},
            {"exitCode", report_.exit_code},
            {"toolExecutionNotifications", std::move(notifications)}};
  }

  [[nodiscard]] Json notification(const Diagnostic& d) const {
    return {{"descriptor", {{"id", info(d.code).id}, {"index", notices_.index(d.code)}}},
            {"level", word(d.severity)},
            {"message", text(message(d))}};
  }

  [[nodiscard]] Json result(const Diagnostic& d) {
    Json out = {{"ruleId", info(d.code).id},
                {"ruleIndex", rules_.index(d.code)},
                {"level", word(d.severity)},
                {"message", text(message(d))},
                {"locations", Json::array({{{"physicalLocation", location(d.primary.span)}}})}};
    Json related = related_places(d);
    if (!related.empty()) out["relatedLocations"] = std::move(related);
    if (!d.fingerprint.empty()) out["partialFingerprints"] = {{kFingerprint, valid_utf8(d.fingerprint)}};
    if (d.fix && !d.fix->edits.empty()) out["fixes"] = Json::array({fix(*d.fix)});
    return out;
  }

  /// The sentences that belong to no other place.
  static std::string message(const Diagnostic& d) {
    std::string out = d.message;
    if (!d.primary.text.empty()) out += "\n" + d.primary.text;
    for (const Note& note : d.notes) {
      if (!note.span.valid()) out += "\nnote: " + note.text;
    }
    if (d.fix) out += "\nhelp: " + d.fix->description;
    return out;
  }

  Json related_places(const Diagnostic& d) {
    Json out = Json::array();
    const auto add = [&](Span span, const std::string& words) {
      if (!span.valid()) return;
      out.push_back({{"id", out.size() + 1}, {"physicalLocation", location(span)}, {"message", text(words)}});
    };
    for (const Label& label : d.secondary) add(label.span, label.text);
    for (const Note& note : d.notes) add(note.span, note.text);
    return out;
  }

  [[nodiscard]] Json artifact(FileId id) const {
    const std::string name = places_.file(id);
    Json out = {{"uri", uri_of(name)}};
    if (!name.starts_with('/')) out["uriBaseId"] = kRoot;
    return out;
  }

  Json region(Span span) {
    const Places::Region r = places_.region(span);
    return {{"startLine", r.begin.line},
            {"startColumn", r.begin.column},
            {"endLine", r.end.line},
            {"endColumn", r.end.column}};
  }

  Json location(Span span) { return {{"artifactLocation", artifact(span.file)}, {"region", region(span)}}; }

  Json fix(const Fix& f) {
    std::map<FileId, Json> by_file;
    for (const Edit& edit : f.edits) {
      Json& replacements = by_file.try_emplace(edit.span.file, Json::array()).first->second;
      replacements.push_back({{"deletedRegion", region(edit.span)}, {"insertedContent", text(edit.replacement)}});
    }
    Json changes = Json::array();
    for (auto& [file, replacements] : by_file) {
      changes.push_back({{"artifactLocation", artifact(file)}, {"replacements", std::move(replacements)}});
    }
    return {{"description", text(f.description)}, {"artifactChanges", std::move(changes)}};
  }

  const Report& report_;
  Descriptors rules_, notices_;
  Places places_;
};

class SarifSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override { return text_of(Log(report).json()); }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_sarif_sink(Style /*style*/) { return std::make_unique<SarifSink>(); }

}  // namespace macc::report
