#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/driver/inputs.h"
#include "compiler/driver/line_diff.h"
#include "compiler/driver/output.h"
#include "compiler/syntax/format.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStandardInput = "-";

class Run {
 public:
  explicit Run(Session& session)
      : session_(session),
        diff_(session.arguments.has(Option::diff)),
        writes_(!diff_ && !session.arguments.has(Option::check)),
        paint_(wants_colour(session)) {}

  void run(const std::vector<fs::path>& paths) {
    for (const fs::path& path : paths) {
      if (!can_be_replaced(path)) continue;
      const auto id = session_.loader.load(path);
      if (id && seen_.insert(*id).second) file(path, *id);
    }
    if (session_.diagnostics.has_errors() || session_.raw_out || seen_.empty()) return;
    session_.out += fmt::format("ok: {} file{}, {}\n", seen_.size(), seen_.size() == 1 ? "" : "s",
                                changed_ == 0 ? "none to change" : fmt::format("{} changed", changed_));
  }

 private:
  /// What was asked for goes to standard output, so that is the terminal that counts.
  static bool wants_colour(const Session& session) {
    const std::string when = session.arguments.value(Option::color, "auto");
    const bool automatic = session.environment.output_is_terminal && !session.environment.no_color;
    return when == "always" || (when == "auto" && automatic);
  }

  /// Whoever waits for somebody to write into a pipe could not put the result back.
  bool can_be_replaced(const fs::path& path) {
    std::error_code error;
    if (!writes_ || path == kStandardInput || !fs::is_fifo(session_.environment.current / path, error)) return true;
    session_.diagnostics
        .report(Code::E0002, {},
                fmt::format("`{}` cannot be formatted: it is a pipe", printable(session_.loader.shown(path), 400)))
        .note("`macc fmt -` formats standard input to standard output");
    return false;
  }

  void file(const fs::path& path, FileId id) {
    const std::string& before = session_.sources.file(id).text();
    const auto after = syntax::format(session_.sources, id, session_.diagnostics);
    if (!after) return;
    if (writes_ && path == kStandardInput) {
      session_.out += *after;
      session_.raw_out = true;
      return;
    }
    if (before == *after) return;
    ++changed_;
    if (writes_) {
      write(path, before, *after);
      return;
    }
    if (diff_) session_.out += line_diff(before, *after, name(id), paint_);
    report(id, before, *after);
  }

  void write(const fs::path& path, const std::string& before, const std::string& after) {
    const Shown shown = [this](const fs::path& p) { return session_.loader.shown(p); };
    const fs::path full = path.is_absolute() ? path : session_.environment.current / path;
    if (!replace_file(full, before, after, shown, session_.diagnostics)) return;
    session_.out += fmt::format("formatted {}\n", printable(shown(path), 400));
  }

  [[nodiscard]] std::string name(FileId id) const { return printable(session_.sources.file(id).path(), 400); }

  /// At the first character that is to change.
  void report(FileId id, const std::string& before, const std::string& after) {
    const auto differs = std::mismatch(before.begin(), before.end(), after.begin(), after.end()).first;
    const auto at = static_cast<std::uint32_t>(differs - before.begin());
    session_.diagnostics.report(Code::E0011, Span{id, at, at}, fmt::format("`{}` is not in macc's form", name(id)))
        .note(diff_ ? "`macc fmt` changes it" : "`macc fmt` changes it, and `macc fmt --diff` shows how");
  }

  Session& session_;
  bool diff_;
  bool writes_;
  report::Painter paint_;
  std::set<FileId> seen_;
  std::size_t changed_ = 0;
};

}  // namespace

void run_fmt(Session& session) {
  const std::vector<fs::path> paths = policy_paths(session);
  const bool looks_only = session.arguments.has(Option::check) || session.arguments.has(Option::diff);
  if (!looks_only && paths.size() > 1 && std::find(paths.begin(), paths.end(), kStandardInput) != paths.end()) {
    session.diagnostics.report(Code::E0005, {},
                               "standard input (`-`) is formatted alone: its result goes to standard output");
    return;
  }
  Run(session).run(paths);
}

}  // namespace macc::driver
