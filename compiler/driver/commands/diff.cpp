#include "compiler/query/difference.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "compiler/base/temporary_folder.h"
#include "compiler/driver/history.h"
#include "compiler/driver/inputs.h"
#include "compiler/lint/lint.h"
#include "compiler/project/allowances.h"
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
  std::vector<paths::PathPattern> sensitive;  ///< paths that a reader should see first

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

// ---- words

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
      for (const Change& change : domain.changes) count(change);
    }
    for (const query::ResourceDifference& resource : difference.resources) count(resource.change);
  }

 private:
  void count(const Change& change) {
    ++(change.direction == Direction::gained ? gained : change.direction == Direction::lost ? lost : uncertain);
  }
};

std::string counted(std::size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string summary(const Difference& difference) {
  const Counts counts(difference);
  std::string out = counted(difference.domains.size(), "domain differs", "domains differ");
  out += fmt::format(": {} gained, {} lost", counts.gained, counts.lost);
  if (counts.uncertain != 0) out += fmt::format(", {} uncertain", counts.uncertain);
  if (!difference.promises.empty())
    out += ", " + counted(difference.promises.size(), "promise given up", "promises given up");
  if (!difference.defaults.empty())
    out += ", " + counted(difference.defaults.size(), "default changed", "defaults changed");
  return out;
}

/// More patterns than these are counted only.
constexpr std::size_t kShown = 12;

std::string list_of(const std::vector<std::string>& patterns) {
  std::string out;
  for (std::size_t i = 0; i < std::min(patterns.size(), kShown); ++i)
    out += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", patterns[i]);
  return patterns.size() > kShown ? out + fmt::format(" and {} more", patterns.size() - kShown) : out;
}

/// Which paths changed; "" where the change itself says that.
std::string paths_of(const Change& change) {
  if (change.paths.empty() || change.named) return "";
  std::string out = change.exact ? "" : "some of ";
  out += list_of(change.paths);
  return change.except.empty() ? out : out + " except " + list_of(change.except);
}

std::string value_of(const query::Redeclared& boolean) { return boolean.value ? "true" : "false"; }

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

// ---- the gate

std::string quoted(const std::string& text) {
  std::string out = Json(report::valid_utf8(text)).dump();
  // The only character that JSON takes as it is and TOML does not.
  for (std::size_t at = 0; (at = out.find('\x7f', at)) != std::string::npos;) out.replace(at, 1, "\\u007F");
  return out;
}

std::string quoted(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& text : list) out += (out.empty() ? "" : ", ") + quoted(text);
  return list.size() == 1 ? out : "[" + out + "]";
}

/// One thing that changed, as a gate sees it: something that fails unless an allowance agrees to it.
struct Item {
  using Subject = project::AllowedChange::Subject;

  Subject subject = Subject::domain;
  std::vector<std::string> names;
  std::string way;                 ///< one of project::allowance_ways()
  std::string what;                ///< as it is printed
  std::string title;               ///< "`web` may now: connect tcp 25"
  const Change* change = nullptr;  ///< null for promises and booleans
  const void* of = nullptr;        ///< the part of the difference that it is
  Span span;                       ///< in the newer policy
};

Span source_of(const ir::Provenance& where) { return where.includes.empty() ? where.span : where.includes.front().at; }

std::vector<Item> items_of(const Difference& difference) {
  std::vector<Item> out;
  for (const DomainDifference& domain : difference.domains) {
    for (const Change& change : domain.changes) {
      const char* verb = change.direction == Direction::gained ? "may now"
                         : change.direction == Direction::lost ? "may no longer"
                                                               : "may or may not be wider";
      const std::string what = words(change);
      out.push_back({Item::Subject::domain,
                     {domain.domain},
                     std::string(query::word(change.direction)),
                     what,
                     fmt::format("`{}` {}: {}", domain.domain, verb, printable(what, 400)),
                     &change,
                     &change,
                     change.in_old ? Span() : source_of(change.where)});
    }
  }
  for (const auto& [resource, change] : difference.resources)
    out.push_back({Item::Subject::resource,
                   {resource},
                   std::string(query::word(change.direction)),
                   change.what,
                   fmt::format("what may use `{}` may or may not be wider: {}", resource, printable(change.what, 400)),
                   &change,
                   &change,
                   source_of(change.where)});
  for (const query::GivenUp& given_up : difference.promises)
    out.push_back({Item::Subject::domain, given_up.domains, "given-up", given_up.promise,
                   fmt::format("`{}` is no longer promised about `{}`", printable(given_up.promise, 400),
                               fmt::join(given_up.domains, "`, `")),
                   nullptr, &given_up, Span()});
  for (const query::Redeclared& boolean : difference.defaults)
    out.push_back({Item::Subject::boolean,
                   {boolean.boolean},
                   "default",
                   value_of(boolean),
                   fmt::format("boolean `{}` is {} by default now", boolean.boolean, value_of(boolean)),
                   nullptr,
                   &boolean,
                   boolean.span});
  return out;
}

class Gate {
 public:
  Gate(Session& session, std::string level) : session_(session), level_(std::move(level)) {}

  /// False after a report.
  bool read_allowances() {
    if (!session_.arguments.has(Option::allow)) return true;
    const auto file = session_.loader.load(session_.environment.current / session_.arguments.value(Option::allow));
    if (file) allowances_ = project::read_allowed_changes(session_.sources, *file, session_.diagnostics);
    used_.resize(allowances_.size());
    return !session_.diagnostics.has_errors();
  }

  void check(const Difference& difference) {
    if (level_ == "never") return;
    for (const Item& item : items_of(difference)) {
      if (!is_allowed(item) && fails(item)) refuse(item);
    }
    for (std::size_t i = 0; i < allowances_.size(); ++i) {
      if (used_[i]) continue;
      session_.diagnostics
          .report(Code::E0512, allowances_[i].span,
                  fmt::format("`{}` did not change in this way", printable(allowances_[i].names.front())))
          .note("take the entry out once its change is part of what is compared with");
    }
  }

  /// Why a part of the difference is allowed; "" where it is not.
  [[nodiscard]] std::string reason(const void* of) const {
    const auto it = reasons_.find(of);
    return it == reasons_.end() ? "" : it->second;
  }
  [[nodiscard]] bool has_allowances() const { return !allowances_.empty(); }

 private:
  [[nodiscard]] bool fails(const Item& item) const {
    if (level_ == "any") return true;
    return item.change != nullptr && item.change->direction != Direction::lost;
  }

  bool is_allowed(const Item& item) {
    for (std::size_t i = 0; i < allowances_.size(); ++i) {
      if (!is_about(allowances_[i], item)) continue;
      // An entry that allows too little is told of with what it does not allow.
      used_[i] = true;
      if (!reaches(allowances_[i], item)) continue;
      reasons_[item.of] = allowances_[i].reason;
      return true;
    }
    return false;
  }

  static bool is_about(const project::AllowedChange& allowance, const Item& item) {
    return allowance.subject == item.subject && allowance.way == item.way && allowance.change == item.what &&
           std::all_of(item.names.begin(), item.names.end(), [&](const std::string& name) {
             return std::find(allowance.names.begin(), allowance.names.end(), name) != allowance.names.end();
           });
  }

  /// Whether all that changed is among what is allowed.
  static bool reaches(const project::AllowedChange& allowance, const Item& item) {
    if (item.change == nullptr) return true;
    const Change& change = *item.change;
    if (change.untold || allowance.text != change.text) return false;
    if (allowance.paths.empty()) return change.sets.empty() || change.named;
    try {
      const auto allowed = paths::PathSet::of(allowance.paths, allowance.except);
      return std::all_of(change.sets.begin(), change.sets.end(),
                         [&](const paths::PathSet& set) { return allowed.contains(set); });
    } catch (const paths::TooComplex&) {
      return false;
    }
  }

  void refuse(const Item& item) {
    Diagnostic& d = session_.diagnostics.report(Code::E0510, item.span, item.title);
    if (item.change != nullptr) {
      const Change& change = *item.change;
      if (const std::string paths = paths_of(change); !paths.empty()) d.note(printable(paths, 400));
      if (!change.example.empty()) d.note("such as " + printable(change.example));
      if (!change.why.empty()) d.note(printable(change.why, 400));
      if (!change.in_old && !change.where.includes.empty()) d.note("by this rule", change.where.span);
    }
    for (const project::AllowedChange& allowance : allowances_) {
      if (is_about(allowance, item)) d.note("this entry does not allow all of it", allowance.span);
    }
    if (item.change == nullptr || !item.change->untold)
      d.note("where it is meant, a file for `--allow` takes\n" + entry_for(item));
  }

  /// What the file of allowed changes has to say, ready to be copied.
  static std::string entry_for(const Item& item) {
    static constexpr const char* kSubjects[] = {"domain", "resource", "boolean"};
    std::string out = fmt::format("[[allow]]\n{} = {}\n{} = {}\n", kSubjects[static_cast<int>(item.subject)],
                                  quoted(item.names), item.way, quoted(item.what));
    if (item.change != nullptr) {
      const Change& change = *item.change;
      if (!change.named && !change.paths.empty()) {
        out += fmt::format("paths = {}\n", quoted(change.paths));
        if (!change.except.empty()) out += fmt::format("except = {}\n", quoted(change.except));
      }
      if (!change.text.empty()) out += fmt::format("text = {}\n", quoted(change.text));
    }
    return out + "reason = \"...\"";
  }

  Session& session_;
  std::string level_;
  std::vector<project::AllowedChange> allowances_;
  std::vector<bool> used_;
  std::map<const void*, std::string> reasons_;
};

// ---- what is shown

class Printer {
 public:
  Printer(const Session& session, const Side& before, const Side& after, const Gate& gate)
      : session_(session), before_(before), after_(after), gate_(gate) {}

  std::string text(const Difference& difference) const {
    if (difference.empty()) return same_text();
    std::string out;
    for (const DomainDifference& domain : difference.domains) {
      out += title(domain) + "\n";
      for (const Change& change : domain.changes) out += text(words(change), change);
      out += "\n";
    }
    if (!difference.resources.empty()) {
      out += "resources\n";
      for (const auto& [resource, change] : difference.resources)
        out += text(fmt::format("{}: {}", resource, change.what), change);
      out += "\n";
    }
    if (!difference.promises.empty()) {
      out += "promises given up\n";
      for (const query::GivenUp& one : difference.promises)
        out += line("-", fmt::format("{}: {}", one.promise, fmt::join(one.domains, ", ")), place(one.span, true)) +
               allowed(&one);
      out += "\n";
    }
    if (!difference.defaults.empty()) {
      out += "defaults\n";
      for (const query::Redeclared& one : difference.defaults)
        out += line("?", default_text(one), place(one.span, false)) + allowed(&one);
      out += "\n";
    }
    return out + summary(difference) + "\n";
  }

  std::string markdown(const Difference& difference) const {
    if (difference.empty()) return same_text();
    std::string out = fmt::format("**macc**: {}\n", summary(difference));
    for (const DomainDifference& domain : difference.domains) {
      out += table("`" + title(domain) + "`");
      for (const Change& change : domain.changes) out += row(words(change), change);
    }
    if (!difference.resources.empty()) out += table("resources");
    for (const auto& [resource, change] : difference.resources)
      out += row(fmt::format("{}: {}", resource, change.what), change);
    if (!difference.promises.empty()) out += "\n### promises given up\n\n";
    for (const query::GivenUp& one : difference.promises)
      out += fmt::format("- {}{}\n", markdown_text(fmt::format("{}: {}", one.promise, fmt::join(one.domains, ", "))),
                         markdown_text(allowed_words(&one)));
    if (!difference.defaults.empty()) out += "\n### defaults\n\n";
    for (const query::Redeclared& one : difference.defaults)
      out += fmt::format("- {}{}\n", markdown_text(default_text(one)), markdown_text(allowed_words(&one)));
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
    Json resources = Json::array();
    for (const auto& [resource, change] : difference.resources)
      resources.push_back({{"resource", resource}, {"change", json(change)}});
    Json promises = Json::array();
    for (const query::GivenUp& one : difference.promises) {
      Json& out = promises.emplace_back(Json{{"promise", report::valid_utf8(one.promise)}, {"domains", one.domains}});
      add(out, "place", place(one.span, true));
      add(out, "allowed", gate_.reason(&one));
    }
    Json defaults = Json::array();
    for (const query::Redeclared& one : difference.defaults) {
      Json& out = defaults.emplace_back(Json{{"boolean", one.boolean}, {"value", one.value}});
      add(out, "place", place(one.span, false));
      add(out, "allowed", gate_.reason(&one));
    }
    return {{"schema", "macc-diff/2"},
            {"domains", std::move(domains)},
            {"resources", std::move(resources)},
            {"promises", std::move(promises)},
            {"defaults", std::move(defaults)}};
  }

 private:
  static void add(Json& to, const char* key, const std::string& value) {
    if (!value.empty()) to[key] = report::valid_utf8(value);
  }

  static void add(Json& to, const char* key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Json list = Json::array();
    for (const std::string& value : values) list.push_back(report::valid_utf8(value));
    to[key] = std::move(list);
  }

  Json json(const Change& change) const {
    Json out = {{"direction", query::word(change.direction)},
                {"area", query::heading(change.area)},
                {"what", report::valid_utf8(change.what)},
                {"part", change.part}};
    add(out, "paths", change.paths);
    add(out, "except", change.except);
    if (!change.paths.empty()) out["exact"] = change.exact;
    add(out, "text", change.text);
    add(out, "example", change.example);
    add(out, "when", change.when);
    add(out, "why", change.why);
    add(out, "allowed", gate_.reason(&change));
    add(out, "place", place(change.where.span, change.in_old));
    out["in"] = change.in_old ? "old" : "new";
    Json through = Json::array();
    for (const auto& frame : change.where.includes) through.push_back(frame.abstraction);
    if (!through.empty()) out["through"] = std::move(through);
    return out;
  }

  std::string same_text() const {
    std::size_t domains = 0;
    for (const ir::Domain& domain : after_.policy->domains) domains += domain.external ? 0 : 1;
    return fmt::format("no difference: {} as before\n", counted(domains, "domain may do", "domains may do"));
  }

  static std::string default_text(const query::Redeclared& boolean) {
    return fmt::format("{} is {} by default, before {}", boolean.boolean, value_of(boolean),
                       boolean.value ? "false" : "true");
  }

  std::string place(Span span, bool in_old) const {
    if (!span.valid()) return "";
    return (in_old ? before_ : after_).place(session_, span);
  }

  /// What opens is what a reviewer has to see.
  std::string painted(Direction direction) const {
    const report::Ink ink = direction == Direction::gained ? report::Ink::red
                            : direction == Direction::lost ? report::Ink::green
                                                           : report::Ink::yellow;
    return session_.paint(ink, std::string(1, sign(direction)));
  }
  static std::string line(const std::string& sign, const std::string& what, const std::string& place) {
    const std::string at = place.empty() ? "" : fmt::format("  ({})", printable(place, 400));
    return fmt::format("  {} {}{}\n", sign, report::safe(what), at);
  }
  static std::string more(const std::string& what) {
    return what.empty() ? "" : fmt::format("      {}\n", report::safe(what));
  }
  std::string allowed_words(const void* of) const {
    const std::string reason = gate_.reason(of);
    return reason.empty() ? "" : " (allowed: " + reason + ")";
  }
  std::string allowed(const void* of) const {
    const std::string reason = gate_.reason(of);
    return reason.empty() ? "" : more("allowed: " + reason);
  }

  std::string text(const std::string& what, const Change& change) const {
    std::string out = line(painted(change.direction), what, source(change)) + more(paths_of(change));
    if (!change.text.empty()) out += more(printable(change.text, 400));
    if (!change.example.empty()) out += more("such as " + change.example);
    return out + more(change.why) + allowed(&change);
  }

  std::string table(const std::string& heading) const {
    return fmt::format("\n### {}\n\n| | | paths | such as | where |{}\n|---|---|---|---|---|{}\n", heading,
                       gate_.has_allowances() ? " allowed |" : "", gate_.has_allowances() ? "---|" : "");
  }

  std::string row(const std::string& what, const Change& change) const {
    const std::string why = change.why.empty() ? "" : ", " + change.why;
    const std::string about = change.text.empty() ? paths_of(change) : printable(change.text, 400);
    std::string out =
        fmt::format("| {} | {} | {} | {} | {} |", query::word(change.direction), markdown_text(what + why),
                    markdown_text(about), markdown_text(change.example), markdown_text(source(change)));
    if (gate_.has_allowances()) out += fmt::format(" {} |", markdown_text(gate_.reason(&change)));
    return out + "\n";
  }

  /// Where the project says it: at the rule, or at the include that brings it.
  std::string source(const Change& change) const {
    if (change.where.includes.empty()) return place(change.where.span, change.in_old);
    const auto& frame = change.where.includes.front();
    return fmt::format("{}: include {}", place(frame.at, change.in_old), frame.abstraction);
  }

  /// Text in Markdown: nothing of it is markup.
  static std::string markdown_text(const std::string& text) {
    std::string out;
    for (const char c : report::safe(text)) {
      if (std::string_view("\\`*_{}[]<>()#+-.!|~&").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
    return out;
  }

  const Session& session_;
  const Side& before_;
  const Side& after_;
  const Gate& gate_;
};

/// The level of `--fail-on`; "" after a report.
std::string fail_on(Session& session) {
  std::string level = session.arguments.value(Option::fail_on, "never");
  const std::vector<std::string> levels = choices_of(Option::fail_on, Command::diff);
  if (std::find(levels.begin(), levels.end(), level) != levels.end()) return level;
  session.diagnostics.report(Code::E0005, {}, fmt::format("`--fail-on` of `macc diff` can't be `{}`", printable(level)))
      .note(fmt::format("it is one of `{}`", fmt::join(levels, "`, `")));
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
  Gate gate(session, level);
  if (!gate.read_allowances()) return;
  session.busy("comparing");
  const Difference difference = query::compare(*before.meaning, *after.meaning, after.sensitive);
  gate.check(difference);
  const Printer printer(session, before, after, gate);
  const std::string format = session.arguments.value(Option::format, "text");
  if (format == "json") {
    session.out = printer.json(difference).dump(2) + "\n";
    session.raw_out = true;
  } else {
    session.out = format == "markdown" ? printer.markdown(difference) : printer.text(difference);
  }
}

}  // namespace macc::driver
