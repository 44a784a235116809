#include "compiler/driver/diff/sides.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

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
    return load(std::move(out), session_);
  }

  std::optional<Side> side(const std::string& operand, bool newer) {
    Side out;
    out.name = operand;
    Arguments arguments = session_.arguments;
    fs::path current = session_.environment.current;
    arguments.operands = {operand};
    if (is_revision(operand)) {
      auto root = extract(operand.substr(kRevision.size()), out);
      if (!root) return std::nullopt;
      current = *root;
      arguments.operands.clear();
      arguments.values.erase(Option::project);
      if (!fs::exists(current / project::kFileName)) arguments.operands = {current.string()};
    } else if (const fs::path folder = current / operand; fs::exists(folder / project::kFileName)) {
      arguments.operands.clear();
      arguments.values[Option::project] = {folder.string()};
    }
    // What is newer, and lies in files of this system, is what findings are shown in.
    if (newer && !is_revision(operand)) {
      session_.arguments = std::move(arguments);
      return load(std::move(out), session_);
    }
    out.environment =
        std::make_unique<Environment>(Environment{.current = current, .input = session_.environment.input});
    out.own = std::make_unique<Session>(std::move(arguments), *out.environment);
    Session& own = *out.own;
    return load(std::move(out), own);
  }

  /// The folder of the project as it was, below a temporary one.
  std::optional<fs::path> extract(const std::string& revision, Side& out) {
    const fs::path root = project_root();
    History history(session_, root, "`macc diff`");
    const std::string commit = history.commit(revision);
    if (commit.empty()) return std::nullopt;
    out.folder = std::make_unique<TemporaryFolder>("macc-diff");
    if (out.folder->path().empty()) throw std::runtime_error("there is no place for temporary files");
    if (!history.extract(commit, out.folder->path(), true)) return std::nullopt;
    return out.folder->path();
  }

  fs::path project_root() {
    const fs::path& current = session_.environment.current;
    if (session_.arguments.has(Option::project)) {
      const fs::path given = (current / session_.arguments.value(Option::project)).lexically_normal();
      return fs::is_directory(given) ? given : given.parent_path();
    }
    const auto file = project::find_file(current);
    return file ? file->parent_path() : current;
  }

  std::optional<Side> load(Side out, Session& in) {
    session_.busy(fmt::format("reading {}", printable(out.name)));
    const auto inputs = gather(in);
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
