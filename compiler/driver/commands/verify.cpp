#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "backends/backend.h"
#include "compiler/driver/build_report.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/output.h"
#include "compiler/driver/promises.h"
#include "compiler/driver/sha256.h"
#include "compiler/driver/targets.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

/// Which line of two texts differs first, and what stands there.
struct Difference {
  std::size_t line = 0;
  std::string_view written, wanted;
};

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string_view rest_after_line(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
}

Difference first_difference(std::string_view written, std::string_view wanted) {
  Difference result;
  while (true) {
    ++result.line;
    result.written = first_line(written);
    result.wanted = first_line(wanted);
    if (result.written != result.wanted || written.empty() || wanted.empty()) return result;
    written = rest_after_line(written);
    wanted = rest_after_line(wanted);
  }
}

/// Compares the files of one target with what the policy asks for now.
class FolderCheck {
 public:
  FolderCheck(const fs::path& folder, const Shown& shown, Diagnostics& found)
      : folder_(folder), shown_(shown), found_(found), written_(read_manifest(folder)) {}

  /// The artifacts as they are on disk. Empty, with the reason reported, when there is no build or an older one.
  std::vector<backends::Artifact> run(const std::vector<backends::Artifact>& wanted) {
    if (written_.empty()) {
      found_.report(Code::E0620, {}, fmt::format("there is no build in `{}`", name(folder_)))
          .note("run `macc build` first, or say with `--out` where it wrote to");
      return {};
    }
    std::vector<backends::Artifact> there;
    for (const backends::Artifact& artifact : wanted) take(artifact, there);
    foreign_files(wanted);
    if (outdated_) {
      found_.report(Code::E0621, {}, fmt::format("the build in `{}` is older than the policy", name(folder_)))
          .note(fmt::format("`{}` is as macc wrote it, and would be written otherwise now: the policy, macc or the "
                            "system has changed",
                            printable(outdated_example_, 400)))
          .note("run `macc build` again");
    }
    return there;
  }

 private:
  void take(const backends::Artifact& wanted, std::vector<backends::Artifact>& there) {
    auto content = content_of(folder_ / wanted.path);
    if (!content) {
      if (written_.contains(wanted.path))
        found_.report(Code::E0622, {}, fmt::format("`{}` is missing", name(folder_ / wanted.path)))
            .note("run `macc build` again");
      else
        note_outdated(wanted.path);
      return;
    }
    if (*content != wanted.content) differs(wanted, *content);
    there.push_back({wanted.path, std::move(*content), wanted.what});
  }

  void differs(const backends::Artifact& wanted, const std::string& content) {
    const auto known = written_.find(wanted.path);
    if (known != written_.end() && known->second.contains(sha256(content))) return note_outdated(wanted.path);
    const Difference difference = first_difference(content, wanted.content);
    Diagnostic& diagnostic = found_.report(
        Code::E0622, {}, fmt::format("`{}` was changed after macc wrote it", name(folder_ / wanted.path)));
    diagnostic.note(difference.written.empty()
                        ? fmt::format("line {} is empty or missing", difference.line)
                        : fmt::format("line {} is `{}`", difference.line, printable(difference.written, 300)));
    diagnostic.note(difference.wanted.empty()
                        ? "the policy asks for nothing there"
                        : fmt::format("the policy asks for `{}`", printable(difference.wanted, 300)));
  }

  void note_outdated(const std::string& path) {
    if (!outdated_) outdated_example_ = path;
    outdated_ = true;
  }

  /// Files of the kinds that the target's platform loads, and that macc did not write now.
  void foreign_files(const std::vector<backends::Artifact>& wanted) {
    std::set<std::string> names, kinds;
    for (const backends::Artifact& artifact : wanted) {
      names.insert(artifact.path);
      kinds.insert(fs::path(artifact.path).extension());
    }
    std::error_code error;
    std::set<std::string> there;
    for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end; at.increment(error))
      if (!at->is_directory(error)) there.insert(fs::relative(at->path(), folder_, error).generic_string());
    for (const std::string& path : there) {
      if (names.contains(path) || !kinds.contains(fs::path(path).extension())) continue;
      if (written_.contains(path))
        note_outdated(path);
      else
        found_.report(Code::E0622, {}, fmt::format("macc did not write `{}`", name(folder_ / path)))
            .note("it would be installed with the rest: remove it");
    }
  }

  [[nodiscard]] std::string name(const fs::path& path) const { return printable(shown_(path), 400); }

  const fs::path& folder_;
  const Shown& shown_;
  Diagnostics& found_;
  const Written written_;
  bool outdated_ = false;
  std::string outdated_example_;
};

class Verifier {
 public:
  Verifier(Session& session, const Inputs& inputs, const ir::Meaning& meaning)
      : session_(session), meaning_(meaning), out_(out_folder(session, inputs.project)) {}

  void verify(const project::Target& target) {
    Diagnostics found;
    Checked checked;
    verify_into(target, found, checked);
    const char* result = found.has_errors() ? "not as the policy asks"
                         : checked.all      ? "verified: as the policy asks"
                                            : "as macc writes it, but not checked";
    for (const Diagnostic& d : found.all()) session_.diagnostics.add(d);
    session_.out += fmt::format("{} ({})\n{}  {}\n", target.target.name, target.target.backend, checked.lines, result);
    session_.targets.push_back({target.target.name, target.target.backend, false, "", {}});
  }

 private:
  struct Checked {
    std::string lines;  ///< of the summary
    bool all = false;   ///< by the platform's compiler
  };

  void verify_into(const project::Target& target, Diagnostics& found, Checked& checked) {
    const backends::Backend* backend = backends::find(target.target.backend);
    const backends::Input input{meaning_.policy(), meaning_, session_.sources, target.target};
    backends::Lowered lowered = backend->lower(input, found);
    if (found.has_errors()) return;
    const fs::path folder = out_ / target.target.name;
    const Shown shown = shown_by(session_);
    Diagnostics in_folder;
    lowered.artifacts = FolderCheck(folder, shown, in_folder).run(lowered.artifacts);
    const bool there = std::none_of(in_folder.all().begin(), in_folder.all().end(),
                                    [](const Diagnostic& d) { return d.code == Code::E0620 || d.code == Code::E0621; });
    for (const Diagnostic& d : in_folder.all()) found.add(d);
    if (!there) return;
    const backends::Verification verification = backend->verify(input, lowered, found);
    checked = {checked_lines(verification), verification.status == backends::Verification::Status::passed};
  }

  Session& session_;
  const ir::Meaning& meaning_;
  fs::path out_;
};

}  // namespace

void run_verify(Session& session) {
  if (!check_out_folder(session)) return;
  const auto inputs = gather(session);
  if (!inputs) return;
  const std::vector<const project::Target*> targets = chosen_targets(session, inputs->project);
  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  check_meaning(session, meaning);
  if (session.diagnostics.has_errors()) return;
  Verifier verifier(session, *inputs, meaning);
  for (const project::Target* target : targets) verifier.verify(*target);
}

}  // namespace macc::driver
