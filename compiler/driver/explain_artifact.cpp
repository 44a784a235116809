#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/backend.h"
#include "compiler/driver/explain_target.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/targets.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using backends::Artifact;
using backends::ArtifactOrigin;
using Json = nlohmann::ordered_json;

void usage(Session& session, std::string message) { session.diagnostics.report(Code::E0005, {}, std::move(message)); }

/// Whether a file that the user names is an artifact: by its place in the output folder, or by the end of its path.
bool is_artifact(const fs::path& named, const fs::path& folder, const std::string& artifact) {
  const fs::path full = (folder / artifact).lexically_normal();
  if (named == full) return true;
  std::error_code error;
  return fs::equivalent(named, full, error);
}

std::string line_of(const std::string& text, std::uint32_t line) {
  std::size_t at = 0;
  for (std::uint32_t n = 1; n < line && at != std::string::npos; ++n) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  return at == std::string::npos || at >= text.size() ? "" : text.substr(at, text.find('\n', at) - at);
}

class Answer {
 public:
  Answer(Session& session, const FileLine& asked) : session_(session), asked_(asked) {}

  void give(const project::Target& target, const Artifact& artifact) {
    const std::string line = line_of(artifact.content, asked_.line);
    const auto origin = std::find_if(artifact.origins.begin(), artifact.origins.end(),
                                     [&](const ArtifactOrigin& o) { return o.line == asked_.line; });
    if (session_.arguments.value(Option::format, "text") == "json") return json(target, artifact, line, origin);
    session_.out = report::safe(line) + "\n";
    if (artifact.origins.empty()) {
      session_.out += fmt::format("  the backend of `{}` does not say where the lines of this file come from\n",
                                  target.target.name);
    } else if (origin == artifact.origins.end()) {
      session_.out += "  nothing: the line is empty, or only part of the layout\n";
    } else {
      session_.out += fmt::format("  {}\n", report::safe(origin->reason));
      for (const Span place : origin->places)
        session_.out += fmt::format("    {}\n", report::safe(session_.sources.describe(place)));
    }
  }

 private:
  using Found = std::vector<ArtifactOrigin>::const_iterator;
  void json(const project::Target& target, const Artifact& artifact, const std::string& line, Found origin) {
    Json places = Json::array();
    Json reason;
    if (origin != artifact.origins.end()) {
      reason = report::valid_utf8(origin->reason);
      for (const Span place : origin->places) places.push_back(report::valid_utf8(session_.sources.describe(place)));
    }
    const Json all = {{"version", 1},
                      {"target", target.target.name},
                      {"artifact", report::valid_utf8(artifact.path)},
                      {"line", asked_.line},
                      {"text", report::valid_utf8(line)},
                      {"reason", std::move(reason)},
                      {"places", std::move(places)}};
    session_.out = all.dump(2) + "\n";
    session_.raw_out = true;
  }

  Session& session_;
  const FileLine& asked_;
};

/// The artifact as it lies there may be of another state of the policy: then its lines are not those of now.
bool is_as_built(const fs::path& file, const Artifact& artifact, Session& session) {
  const auto id = session.loader.load(file);
  if (!id || session.sources.file(*id).text() == artifact.content) return id.has_value();
  session.diagnostics
      .report(Code::E0621, {},
              fmt::format("`{}` is not what the policy gives now", printable(session.loader.shown(file))))
      .note("build again: `macc build`; `macc verify` says what differs");
  return false;
}

}  // namespace

void explain_artifact(Session& session) {
  const auto asked = file_line_of(session.arguments.value(Option::artifact));
  if (!asked) return usage(session, "`--artifact` needs a place: FILE:LINE");
  const auto inputs = gather(session);
  if (!inputs) return;
  const auto targets = chosen_targets(session, inputs->project);
  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  const fs::path named = (session.environment.current / asked->file).lexically_normal();
  Diagnostics not_compiled;
  for (const project::Target* target : targets) {
    const backends::Input input{policy, meaning, session.sources, target->target};
    Diagnostics found;
    const backends::Lowered lowered = backends::find(target->target.backend)->lower(input, found);
    // The file may be another target's.
    for (const Diagnostic& d : found.all()) (found.has_errors() ? not_compiled : session.diagnostics).add(d);
    if (found.has_errors()) continue;
    const fs::path folder = out_folder(session, inputs->project) / target->target.name;
    for (const Artifact& artifact : lowered.artifacts) {
      if (!is_artifact(named, folder, artifact.path)) continue;
      if (!is_as_built(named, artifact, session)) return;
      const auto lines = static_cast<std::size_t>(std::count(artifact.content.begin(), artifact.content.end(), '\n'));
      if (asked->line > lines)
        return usage(session,
                     fmt::format("`{}` has {} lines, and no line {}", printable(asked->file), lines, asked->line));
      return Answer(session, *asked).give(*target, artifact);
    }
  }
  for (const Diagnostic& d : not_compiled.all()) session.diagnostics.add(d);
  if (not_compiled.has_errors()) return;
  session.diagnostics
      .report(Code::E0005, {}, fmt::format("`{}` is no artifact of this project's targets", printable(asked->file)))
      .note(fmt::format("they lie in `{}`", printable(session.loader.shown(out_folder(session, inputs->project)))));
}

}  // namespace macc::driver
