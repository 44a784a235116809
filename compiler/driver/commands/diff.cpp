#include "compiler/query/difference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "compiler/base/temporary_folder.h"
#include "compiler/driver/history.h"
#include "compiler/driver/inputs.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using query::Change;
using query::Difference;
using query::Direction;
using query::DomainDifference;
using Json = nlohmann::ordered_json;

constexpr std::string_view kRevision = "git:";

bool is_revision(const std::string& operand) { return operand.starts_with(kRevision); }

void usage(Session& session, std::string message) { session.diagnostics.report(Code::E0005, {}, std::move(message)); }

/// One of the two policies, as it was read.
struct Side {
  std::string name;  ///< as the user named it
  std::unique_ptr<TemporaryFolder> folder;
  std::unique_ptr<Environment> environment;
  std::unique_ptr<Session> own;        ///< null where the run's own session is used
  std::unique_ptr<ir::Policy> policy;  ///< stays where it is when this is moved: the meaning refers to it
  std::unique_ptr<ir::Meaning> meaning;

  [[nodiscard]] std::string place(const Session& session, Span span) const {
    return span.valid() ? (own ? *own : session).sources.describe(span) : "";
  }
};

class Reader {
 public:
  explicit Reader(Session& session) : session_(session), operands_(session.arguments.operands) {}

  /// Both, or nothing after a report.
  std::optional<std::pair<Side, Side>> read() {
    if (operands_.size() > 2) {
      usage(session_, fmt::format("`macc diff` compares two policies, not {}", operands_.size()));
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
    const auto inputs = gather(in);
    if (inputs) out.policy = std::make_unique<ir::Policy>(analyze(in, *inputs));
    if (!inputs || in.diagnostics.has_errors()) {
      if (&in != &session_) complain(out, in);
      return std::nullopt;
    }
    out.meaning = std::make_unique<ir::Meaning>(*out.policy);
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

// ---- what is shown

char sign(Direction direction) {
  return direction == Direction::gained ? '+' : direction == Direction::lost ? '-' : '?';
}

std::string words(const Change& change) {
  std::string out = change.what;
  if (change.part) out += ", in part";
  if (!change.when.empty()) out += ", " + change.when;
  return out;
}

struct Counts {
  std::size_t gained = 0, lost = 0, uncertain = 0;
  explicit Counts(const Difference& difference) {
    for (const DomainDifference& domain : difference.domains) {
      for (const Change& change : domain.changes) {
        ++(change.direction == Direction::gained ? gained : change.direction == Direction::lost ? lost : uncertain);
      }
    }
  }
};

std::string summary(const Difference& difference) {
  const Counts counts(difference);
  std::string out =
      difference.domains.size() == 1 ? "1 domain differs" : fmt::format("{} domains differ", difference.domains.size());
  out += fmt::format(": {} gained, {} lost", counts.gained, counts.lost);
  if (counts.uncertain != 0) out += fmt::format(", {} uncertain", counts.uncertain);
  return out;
}

std::string title(const DomainDifference& domain) {
  switch (domain.kind) {
    case DomainDifference::Kind::added:
      return domain.domain + " (new)";
    case DomainDifference::Kind::removed:
      return domain.domain + " (gone)";
    case DomainDifference::Kind::changed:
      return domain.domain;
  }
  return "";
}

class Printer {
 public:
  Printer(const Session& session, const Side& before, const Side& after)
      : session_(session), before_(before), after_(after) {}

  std::string text(const Difference& difference) const {
    if (difference.empty()) return same_text();
    std::string out;
    for (const DomainDifference& domain : difference.domains) {
      out += title(domain) + "\n";
      for (const Change& change : domain.changes) {
        out += fmt::format("  {} {}{}\n", sign(change.direction), report::safe(words(change)), at(change));
        if (!change.example.empty()) out += fmt::format("      such as {}\n", report::safe(change.example));
        if (!change.why.empty()) out += fmt::format("      {}\n", report::safe(change.why));
      }
      out += "\n";
    }
    for (const Difference::Note& note : difference.notes) {
      out += fmt::format("{}{}\n", report::safe(note.text), parenthesis(place(note.span, note.in_old)));
    }
    return out + (difference.notes.empty() ? "" : "\n") + summary(difference) + "\n";
  }

  std::string markdown(const Difference& difference) const {
    if (difference.empty()) return same_text();
    std::string out = fmt::format("**macc**: {}\n", summary(difference));
    for (const DomainDifference& domain : difference.domains) {
      out += fmt::format("\n### `{}`\n\n| | | such as | where |\n|---|---|---|---|\n", title(domain));
      for (const Change& change : domain.changes) {
        const std::string more = change.why.empty() ? "" : ", " + change.why;
        out += fmt::format("| {} | {} | {} | {} |\n", query::word(change.direction), cell(words(change) + more),
                           cell(change.example), cell(source(change)));
      }
    }
    if (!difference.notes.empty()) out += "\n";
    for (const Difference::Note& note : difference.notes) out += fmt::format("- {}\n", markdown_text(note.text));
    return out;
  }

  Json json(const Difference& difference) const {
    Json domains = Json::array();
    for (const DomainDifference& domain : difference.domains) {
      Json changes = Json::array();
      for (const Change& change : domain.changes) changes.push_back(json(change));
      static constexpr const char* kKinds[] = {"changed", "added", "removed"};
      domains.push_back({{"domain", domain.domain},
                         {"kind", kKinds[static_cast<int>(domain.kind)]},
                         {"changes", std::move(changes)}});
    }
    Json notes = Json::array();
    for (const Difference::Note& note : difference.notes)
      notes.push_back(
          {{"text", report::valid_utf8(note.text)}, {"place", report::valid_utf8(place(note.span, note.in_old))}});
    return {{"schema", "macc-diff/1"}, {"domains", std::move(domains)}, {"notes", std::move(notes)}};
  }

 private:
  Json json(const Change& change) const {
    Json out = {{"direction", query::word(change.direction)},
                {"area", query::heading(change.area)},
                {"what", report::valid_utf8(change.what)},
                {"part", change.part}};
    const auto add = [&out](const char* key, const std::string& value) {
      if (!value.empty()) out[key] = report::valid_utf8(value);
    };
    add("example", change.example);
    add("when", change.when);
    add("why", change.why);
    add("place", place(change.where.span, change.in_old));
    out["in"] = change.in_old ? "old" : "new";
    Json through = Json::array();
    for (const auto& frame : change.where.includes) through.push_back(frame.abstraction);
    if (!through.empty()) out["through"] = std::move(through);
    return out;
  }

  std::string same_text() const {
    std::size_t domains = 0;
    for (const ir::Domain& domain : after_.policy->domains) domains += domain.external ? 0 : 1;
    return fmt::format("no difference: {} as before\n",
                       domains == 1 ? "1 domain may do" : fmt::format("{} domains may do", domains));
  }

  std::string place(Span span, bool in_old) const {
    if (!span.valid()) return "";
    return (in_old ? before_ : after_).place(session_, span);
  }
  static std::string parenthesis(const std::string& text) {
    return text.empty() ? "" : fmt::format("  ({})", printable(text, 400));
  }
  std::string at(const Change& change) const { return parenthesis(source(change)); }

  /// Where the project says it: at the rule, or at the include that brings it.
  std::string source(const Change& change) const {
    if (change.where.includes.empty()) return place(change.where.span, change.in_old);
    const auto& frame = change.where.includes.front();
    return fmt::format("{}: include {}", place(frame.at, change.in_old), frame.abstraction);
  }

  /// Text in a table of Markdown: nothing of it is markup.
  static std::string markdown_text(const std::string& text) {
    std::string out;
    for (const char c : report::safe(text)) {
      if (std::string_view("\\`*_{}[]<>()#+-.!|~&").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
    return out;
  }
  static std::string cell(const std::string& text) { return markdown_text(text); }

  const Session& session_;
  const Side& before_;
  const Side& after_;
};

// ---- the gate

class Gate {
 public:
  Gate(Session& session, bool lost_too) : session_(session), lost_too_(lost_too) {}

  /// False after a report.
  bool read_allowances() {
    if (!session_.arguments.has(Option::allow)) return true;
    const auto file = session_.loader.load(session_.environment.current / session_.arguments.value(Option::allow));
    if (file) allowances_ = project::read_allowances(session_.sources, *file, session_.diagnostics);
    used_.resize(allowances_.size());
    return !session_.diagnostics.has_errors();
  }

  void check(const Difference& difference) {
    for (const DomainDifference& domain : difference.domains) {
      for (const Change& change : domain.changes) {
        if (change.direction == Direction::lost && !lost_too_) continue;
        if (!is_allowed(domain.domain, words(change))) refuse(domain, change);
      }
    }
    for (std::size_t i = 0; i < allowances_.size(); ++i) {
      if (used_[i]) continue;
      session_.diagnostics
          .report(Code::E0512, allowances_[i].span,
                  fmt::format("`{}` did not change in this way", printable(allowances_[i].domain)))
          .note("take the entry out once its change is part of what is compared with");
    }
  }

 private:
  bool is_allowed(const std::string& domain, const std::string& change) {
    bool found = false;
    for (std::size_t i = 0; i < allowances_.size(); ++i) {
      if (allowances_[i].domain != domain || allowances_[i].change != change) continue;
      used_[i] = true;
      found = true;
    }
    return found;
  }

  void refuse(const DomainDifference& domain, const Change& change) {
    const char* what = change.direction == Direction::gained ? "may now"
                       : change.direction == Direction::lost ? "may no longer"
                                                             : "may or may not be wider";
    Diagnostic& d =
        session_.diagnostics.report(Code::E0510, change.in_old ? Span() : source_of(change.where),
                                    fmt::format("`{}` {}: {}", domain.domain, what, printable(words(change), 400)));
    if (!change.example.empty()) d.note("such as " + printable(change.example));
    if (!change.why.empty()) d.note(printable(change.why, 400));
    if (!change.in_old && !change.where.includes.empty()) d.note("by this rule", change.where.span);
    d.note(fmt::format("where it is meant, `--allow FILE` takes: [[allow]] domain = {} change = {} reason = \"...\"",
                       quoted(domain.domain), quoted(printable(words(change), 400))));
  }

  static Span source_of(const ir::Provenance& where) {
    return where.includes.empty() ? where.span : where.includes.front().at;
  }

  static std::string quoted(const std::string& text) { return Json(report::valid_utf8(text)).dump(); }

  Session& session_;
  bool lost_too_;
  std::vector<project::Allowance> allowances_;
  std::vector<bool> used_;
};

/// The level of `--fail-on`; "" after a report.
std::string fail_on(Session& session) {
  const std::string level = session.arguments.value(Option::fail_on, "never");
  if (level == "widen" || level == "any" || level == "never") return level;
  session.diagnostics.report(Code::E0005, {}, fmt::format("`--fail-on` of `macc diff` can't be `{}`", printable(level)))
      .note("it is one of `widen`, `any`, `never`");
  return "";
}

}  // namespace

void run_diff(Session& session) {
  const std::string level = fail_on(session);
  if (level.empty()) return;
  if (level == "never" && session.arguments.has(Option::allow)) {
    return usage(session, "`--allow` goes with `--fail-on widen` or `--fail-on any`");
  }
  auto sides = Reader(session).read();
  if (!sides) return;
  auto& [before, after] = *sides;
  Gate gate(session, level == "any");
  if (!gate.read_allowances()) return;
  const Difference difference = query::compare(*before.meaning, *after.meaning);
  const Printer printer(session, before, after);
  const std::string format = session.arguments.value(Option::format, "text");
  if (format == "json") {
    session.out = printer.json(difference).dump(2) + "\n";
    session.raw_out = true;
  } else {
    session.out = format == "markdown" ? printer.markdown(difference) : printer.text(difference);
  }
  if (level != "never") gate.check(difference);
}

}  // namespace macc::driver
