#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "compiler/driver/diff/gate.h"
#include "compiler/driver/diff/sides.h"
#include "compiler/driver/diff/words.h"
#include "compiler/query/difference.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace {

using query::Change;
using query::Difference;
using query::Direction;
using query::DomainDifference;
using Json = nlohmann::ordered_json;

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
    session.diagnostics.report(Code::E0005, {}, "`--allow` goes with `--fail-on widen` or `--fail-on any`");
    return;
  }
  auto sides = read_sides(session);
  if (!sides) return;
  auto& [before, after] = *sides;
  Gate gate(session, after, level);
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
