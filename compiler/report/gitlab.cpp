// GitLab's code quality: a list of findings, each with a fingerprint by which one run is compared with another.
#include <fmt/format.h>

#include <set>

#include "compiler/report/cells.h"
#include "compiler/report/json_text.h"
#include "compiler/report/places.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

std::string_view severity(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "info";
    case Severity::warning:
      return "major";
    case Severity::error:
      return "critical";
  }
  return "";
}

/// FNV-1a, 64 bits: it tells findings apart and guards nothing.
std::string hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3ULL;
  }
  return fmt::format("{:016x}", value);
}

class Findings {
 public:
  explicit Findings(const Report& report) : report_(report), places_(report) {}

  [[nodiscard]] Json json() {
    Json out = Json::array();
    for (const Diagnostic& d : report_.diagnostics) out.push_back(finding(d));
    return out;
  }

 private:
  Json finding(const Diagnostic& d) {
    const bool placed = d.primary.span.valid();
    const std::string path = placed ? places_.file(d.primary.span.file) : place_of_the_run();
    const std::uint32_t line = placed ? places_.region(d.primary.span).begin.line : 1;
    std::string description = valid_utf8(d.message);
    if (!d.primary.text.empty()) description += "; " + valid_utf8(d.primary.text);
    return {{"description", std::move(description)},
            {"check_name", info(d.code).name},
            {"fingerprint", fingerprint(d, path)},
            {"severity", severity(d.severity)},
            {"location", {{"path", valid_utf8(path)}, {"lines", {{"begin", line}}}}}};
  }

  /// Every finding has to have a place. The file that was read first is the project file, where there is one.
  [[nodiscard]] std::string place_of_the_run() const {
    return report_.sources.count() == 0 ? "macc.toml" : places_.file(FileId{1});
  }

  /// The finding's own, else what it says and of which file. Not the line, which changes with others. The second of two
  /// that are alike gets a number, since a fingerprint may occur once.
  std::string fingerprint(const Diagnostic& d, const std::string& path) {
    std::string known = d.fingerprint;
    if (known.empty()) known = hash(fmt::format("{}\n{}\n{}", info(d.code).id, path, d.message));
    std::string out = valid_utf8(known);
    for (std::size_t n = 2; !used_.insert(out).second; ++n) out = hash(fmt::format("{}\n{}", known, n));
    return out;
  }

  const Report& report_;
  Places places_;
  std::set<std::string> used_;
};

class GitlabSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override { return text_of(Findings(report).json()); }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_gitlab_sink(Style /*style*/) { return std::make_unique<GitlabSink>(); }

}  // namespace macc::report
