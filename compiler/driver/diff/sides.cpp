#include "compiler/driver/diff/sides.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "compiler/driver/history.h"
#include "compiler/driver/inputs.h"
#include "compiler/lint/lint.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kRevision = "git:";

bool is_revision(const std::string& operand) { return operand.starts_with(kRevision); }

class Reader {
 public:
  explicit Reader(Session& session) : session_(session), operands_(session.arguments.operands) {}

  /// Both, or nothing after a report.
  std::optional<std::pair<Side, Side>> read() {
    if (operands_.size() > 2) {
      session_.diagnostics.report(Code::E0005, {},
                                  fmt::format("`macc diff` compares two policies, not {}", operands_.size()));
      return std::nullopt;
    }
    if (operands_.size() == 2 && operands_[0] == "-" && operands_[1] == "-") {
      session_.diagnostics.report(Code::E0005, {},
                                  "`macc diff` can read one of the policies from standard input, not both");
      return std::nullopt;
    }
    // The newer one last: it is what is reported about, and the files of this folder where only one is named.
    std::string before = operands_.empty() ? "git:HEAD" : operands_.front();
    if (operands_.size() == 1 && !is_revision(before)) {
      session_.diagnostics
          .report(Code::E0005, {},
                  fmt::format("`macc diff` needs a second policy to compare `{}` with", printable(before)))
          .note("a revision needs none: `macc diff git:main` compares it with the files of now");
      return std::nullopt;
    }
    auto newer = operands_.size() == 2 ? side(operands_[1], true) : side_of_now();
    if (!newer) return std::nullopt;
    auto older = side(before, false);
    if (!older) return std::nullopt;
    return std::pair(std::move(*older), std::move(*newer));
  }

 private:
  std::optional<Side> side_of_now() {
    Side out;
    out.name = "now";
    session_.arguments.operands.clear();
    session_.busy("reading now");
    return load(std::move(out), session_, gather(session_));
  }

  std::optional<Side> side(const std::string& operand, bool newer) {
    session_.busy(fmt::format("reading {}", printable(operand)));
    if (is_revision(operand)) return side_of_revision(operand);
    Side out;
    out.name = operand;
    Arguments arguments = session_.arguments;
    arguments.operands = {operand};
    if (const fs::path folder = session_.environment.current / operand; fs::exists(folder / project::kFileName)) {
      arguments.operands.clear();
      arguments.values[Option::project] = {folder.string()};
    }
    // What is newer, and lies in files of this system, is what findings are shown in.
    if (newer) {
      session_.arguments = std::move(arguments);
      return load(std::move(out), session_, gather(session_));
    }
    Session& own = own_session(out, std::move(arguments));
    return load(std::move(out), own, gather(own));
  }

  Session& own_session(Side& side, Arguments arguments) {
    side.environment = std::make_unique<Environment>(
        Environment{.current = session_.environment.current, .input = session_.environment.input});
    side.own = std::make_unique<Session>(std::move(arguments), *side.environment);
    return *side.own;
  }

  std::optional<Side> side_of_revision(const std::string& operand) {
    Side out;
    out.name = operand;
    const std::string revision = operand.substr(kRevision.size());
    const fs::path file = project_file();
    History history(session_, file.parent_path(), "`macc diff`");
    const std::string commit = history.commit(revision);
    if (commit.empty()) return std::nullopt;
    out.revision = history.open(revision, commit);
    if (!out.revision) return std::nullopt;
    if (!out.revision->has_project()) return history.no_project(revision, commit), std::nullopt;
    Arguments arguments = session_.arguments;
    arguments.operands.clear();
    Session& own = own_session(out, std::move(arguments));
    out.revision->show_in(own);
    auto project = copied_project(out, file.filename());
    if (project) return load(std::move(out), own, gather_for(own, std::move(*project)));
    if (own.diagnostics.has_errors()) complain(out, own);
    return std::nullopt;
  }

  /// The project as it was, and the policies of its folder alone where it had no file of its own. Nothing after a
  /// report, in this run's session or in that of the side.
  std::optional<project::Project> copied_project(Side& side, const std::string& name) {
    Revision& revision = *side.revision;
    Session& own = *side.own;
    std::optional<fs::path> file;
    if (!revision.copy_project_file(name, file)) return std::nullopt;
    if (!file || file->parent_path() != revision.project()) {
      if (!revision.copy(revision.project())) return std::nullopt;
      own.arguments.operands = {revision.copied_project().string()};
    }
    if (!file) return project::default_project(revision.copied_project(), backends::all());
    const auto id = own.loader.load(*revision.copy_of(*file));
    if (!id) return std::nullopt;
    auto project = project::read(own.sources, *id, file->parent_path(), backends::all(), own.diagnostics);
    if (own.diagnostics.has_errors()) return std::nullopt;
    return revision.copied(std::move(project));
  }

  /// The project's file now, whether it is there or not.
  fs::path project_file() {
    const fs::path& current = session_.environment.current;
    if (!session_.arguments.has(Option::project)) {
      return project::find_file(current).value_or(current / project::kFileName);
    }
    const fs::path given = (current / session_.arguments.value(Option::project)).lexically_normal();
    return fs::is_directory(given) ? given / project::kFileName : given;
  }

  std::optional<Side> load(Side out, Session& in, const std::optional<Inputs>& inputs) {
    if (inputs) out.policy = std::make_unique<ir::Policy>(analyze(in, *inputs, {lint::kSensitiveModule}));
    if (!inputs || in.diagnostics.has_errors()) {
      if (&in != &session_) complain(out, in);
      return std::nullopt;
    }
    out.meaning = std::make_unique<ir::Meaning>(*out.policy);
    out.sensitive = sensitive_of(*out.policy, inputs->project.lint.settings);
    return out;
  }

  /// What lints call secrets, ways to take over the machine, and the like; not trees that are merely wide or shared.
  static std::vector<paths::PathPattern> sensitive_of(const ir::Policy& policy, const lint::Settings& settings) {
    static constexpr std::array kLists = {"secret_",     "service_secret_",   "control_",           "login_files",
                                          "raw_devices", "container_sockets", "privileged_programs"};
    std::vector<paths::PathPattern> out;
    for (const ir::PathList& list : policy.lists) {
      const bool counts =
          std::any_of(kLists.begin(), kLists.end(), [&](const char* start) { return list.name.starts_with(start); });
      if (!counts) continue;
      out.insert(out.end(), list.patterns.begin(), list.patterns.end());
      if (const auto more = settings.more.find(list.name); more != settings.more.end())
        out.insert(out.end(), more->second.begin(), more->second.end());
    }
    return out;
  }

  /// Errors of the other policy, in its own words: their places are not of this run.
  void complain(const Side& side, const Session& in) {
    Diagnostic& d =
        session_.diagnostics.report(Code::E0513, {}, fmt::format("`{}` cannot be compared", printable(side.name)));
    std::size_t shown = 0;
    for (const Diagnostic& problem : in.diagnostics.all()) {
      if (problem.severity != Severity::error || ++shown > 3) continue;
      const std::string place = problem.primary.span.valid() ? in.sources.describe(problem.primary.span) + ": " : "";
      d.note(place + problem.message);
    }
  }

  Session& session_;
  std::vector<std::string> operands_;
};

}  // namespace

std::optional<std::pair<Side, Side>> read_sides(Session& session) { return Reader(session).read(); }

}  // namespace macc::driver
