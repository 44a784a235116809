#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <tuple>

#include "backends/backend.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/lint_run.h"
#include "compiler/driver/output.h"
#include "compiler/driver/targets.h"
#include "compiler/lint/score.h"
#include "compiler/query/answers.h"
#include "compiler/query/flow.h"
#include "compiler/query/reach.h"
#include "compiler/report/cells.h"
#include "compiler/report/html.h"
#include "report_files.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using query::Hop;
using report::html;

/// A file that is part of each report.
std::string_view part(std::string_view name) {
  for (const parts::EmbeddedFile& file : parts::report_files()) {
    if (file.name == name) return file.text;
  }
  throw std::logic_error("a part of the report is missing");
}

std::string code(std::string_view text) { return fmt::format("<code>{}</code>", html(text)); }

/// Comments are broken into lines where the source is.
std::string prose(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return html(text);
}

/// An id of an element: names hold letters, digits, dots and underscores only.
std::string anchor(std::string_view kind, std::string_view name) { return fmt::format("{}-{}", kind, html(name)); }

/// A name, which may go on in the next line behind its dots and underscores.
std::string breakable(std::string_view name) {
  std::string out;
  for (const char c : html(name)) {
    out += c;
    if (c == '.' || c == '_') out += "<wbr>";
  }
  return out;
}

std::string link(std::string_view kind, std::string_view name) {
  return fmt::format("<a href=\"#{}\">{}</a>", anchor(kind, name), breakable(name));
}

std::string list_of(const std::vector<paths::PathPattern>& patterns) {
  std::string out;
  for (const paths::PathPattern& pattern : patterns) out += (out.empty() ? "" : "<br>") + code(pattern.text());
  return out;
}

/// What a target makes of the policy.
struct TargetPart {
  const project::Target* target = nullptr;
  bool lowered = false;
  backends::FidelityReport fidelity;
};

class Page {
 public:
  Page(Session& session, const Inputs& inputs, const ir::Meaning& meaning, std::vector<lint::Score> scores,
       std::vector<lint::Finding> findings, std::vector<TargetPart> targets)
      : session_(session),
        inputs_(inputs),
        meaning_(meaning),
        policy_(meaning.policy()),
        domains_(query::domains_by_name(policy_)),
        flows_(query::Flows(meaning).all()),
        scores_(std::move(scores)),
        findings_(std::move(findings)),
        targets_(std::move(targets)) {}

  std::string write() {
    head();
    overview();
    for (const ir::DomainId id : domains_) domain(id);
    resources();
    graph();
    findings();
    fidelity();
    tests();
    out_ += fmt::format("<script>\n{}</script>\n</body>\n</html>\n", part("report.js"));
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string name(ir::DomainId id) const { return policy_.qualified_name(id); }
  [[nodiscard]] std::string place(Span span) const {
    return span.valid() ? fmt::format(" <span class=\"place\">{}</span>", html(session_.sources.describe_stable(span)))
                        : "";
  }
  void section(std::string_view id, std::string_view title) {
    out_ += fmt::format("<h2 id=\"{}\">{}</h2>\n", id, html(title));
  }
  /// A row that the search field finds by these words.
  static std::string row(const std::string& words, const std::vector<std::string>& cells) {
    std::string out = fmt::format("<tr data-text=\"{}\">", html(report::lower_case(words)));
    for (const std::string& cell : cells) out += "<td>" + cell + "</td>";
    return out + "</tr>\n";
  }
  void table(const std::vector<std::string_view>& columns, const std::string& rows, std::string_view nothing) {
    if (rows.empty()) {
      out_ += fmt::format("<p>{}</p>\n", html(nothing));
      return;
    }
    out_ += "<div class=\"wide\"><table>\n<thead><tr>";
    for (const std::string_view column : columns) out_ += fmt::format("<th>{}</th>", html(column));
    out_ += "</tr></thead>\n<tbody>\n" + rows + "</tbody>\n</table></div>\n";
  }

  void head() {
    const std::string title = inputs_.project.name.empty() ? "policy" : inputs_.project.name;
    out_ += fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src "
        "'unsafe-inline'\">\n<title>{0}: what it may do</title>\n<style>\n{1}</style>\n</head>\n<body>\n<h1>{0}</h1>\n"
        "<p>What the programs of this policy may do, as macc {2} reads it.</p>\n"
        "<nav><a href=\"#overview\">Domains</a><a href=\"#resources\">Resources</a><a href=\"#graph\">Ways between "
        "domains</a><a href=\"#findings\">Findings</a><a href=\"#targets\">Targets</a><a "
        "href=\"#tests\">Tests</a></nav>\n"
        "<p id=\"search\" hidden><input type=\"search\" id=\"filter\" placeholder=\"Filter: a path, a verb, a name\" "
        "aria-label=\"Filter\"> <span id=\"shown\" aria-live=\"polite\"></span></p>\n",
        html(title), part("report.css"), MACC_VERSION);
  }

  [[nodiscard]] const lint::Score* score_of(ir::DomainId id) const {
    const auto it = std::find_if(scores_.begin(), scores_.end(), [&](const lint::Score& s) { return s.domain == id; });
    return it == scores_.end() ? nullptr : &*it;
  }
  static std::string score_text(const lint::Score* score) {
    if (score == nullptr) return "";
    const char* shade = score->value < 4 ? "good" : score->value < 6 ? "mid" : "bad";
    return fmt::format("<span class=\"{}\">{:.1f} {}</span>", shade, score->value, lint::grade(score->value));
  }
  [[nodiscard]] std::size_t findings_of(const std::string& domain) const {
    return static_cast<std::size_t>(
        std::count_if(findings_.begin(), findings_.end(), [&](const lint::Finding& f) { return f.domain == domain; }));
  }

  void overview() {
    section("overview", "Domains");
    std::string rows;
    for (const ir::DomainId id : domains_) {
      const ir::Domain& d = policy_.domain(id);
      const std::size_t found = findings_of(name(id));
      rows +=
          row(name(id) + " " + d.doc, {link("domain", name(id)), prose(d.doc), score_text(score_of(id)),
                                       fmt::format("{}", d.rules.size()), found == 0 ? "" : fmt::format("{}", found),
                                       d.complain ? "<span class=\"bad\">complain</span>" : "enforced"});
    }
    table({"Domain", "What it is", "Exposure", "Rules", "Findings", "Mode"}, rows, "There is no domain.");
  }

  void domain(ir::DomainId id) {
    const ir::Domain& d = policy_.domain(id);
    out_ += fmt::format("<h2 id=\"{}\">{}</h2>\n", anchor("domain", name(id)), html(name(id)));
    out_ += fmt::format("<p>{}{}</p>\n", prose(d.doc), place(d.where.span));
    if (d.complain) out_ += fmt::format("<p class=\"bad\">It {}.</p>\n", html(query::kComplains));
    std::string own;
    std::string included;
    std::size_t count = 0;
    for (const query::Line& line : query::all_of(meaning_, id)) {
      const bool here = line.where.includes.empty();
      count += here ? 0 : 1;
      (here ? own : included) += line_row(name(id), line);
    }
    table({"", "May", "By"}, own, "It has no rules of its own.");
    if (!included.empty()) {
      out_ += fmt::format("<details><summary>By what it includes ({})</summary>\n", count);
      table({"", "May", "By"}, included, "");
      out_ += "</details>\n";
    }
    promises(d);
    exposures(score_of(id));
    ways(id);
  }

  std::string line_row(const std::string& domain, const query::Line& line) const {
    std::string text = code(line.what);
    if (!line.when.empty()) text += " " + html(line.when);
    if (!line.less.empty()) text += ", " + html(line.less);
    std::string from = place(line.where.span);
    for (auto it = line.where.includes.rbegin(); it != line.where.includes.rend(); ++it)
      from += fmt::format(" <span class=\"place\">through {}</span>", code("include " + it->abstraction));
    return row(domain + " " + line.what + " " + line.when + " " + line.less,
               {html(query::heading(line.area)), text, from});
  }

  void promises(const ir::Domain& d) {
    if (d.never.empty()) return;
    out_ += "<details><summary>Promises</summary><ul>\n";
    for (const ir::Obligation& never : d.never)
      out_ +=
          fmt::format("<li>{}{}</li>\n", code("never " + ir::describe(policy_, never.access)), place(never.where.span));
    out_ += "</ul></details>\n";
  }

  void exposures(const lint::Score* score) {
    if (score == nullptr || score->exposures.empty()) return;
    out_ += fmt::format("<details><summary>Exposure {:.1f}</summary><ul>\n", score->value);
    for (const lint::Exposure& e : score->exposures)
      out_ += fmt::format("<li>{} ({}){}</li>\n", html(e.what), e.weight, place(e.place));
    out_ += "</ul></details>\n";
  }

  void ways(ir::DomainId id) {
    std::string list;
    for (const Hop& hop : flows_) {
      if (hop.from != id && hop.to != id) continue;
      list += fmt::format("<li>{} &rarr; {} ({}): {}</li>\n", link("domain", name(hop.from)),
                          link("domain", name(hop.to)), query::word(hop.kind), html(hop.how));
    }
    if (!list.empty())
      out_ += "<details><summary>Ways to and from other domains</summary><ul>\n" + list + "</ul></details>\n";
  }

  // ---- who reaches what

  static std::string words(ir::VerbSet verbs) {
    std::string out;
    for (const ir::Verb verb : verbs.list()) out += (out.empty() ? "" : ", ") + std::string(ir::word(verb));
    return out;
  }

  void resources() {
    section("resources", "Resources and who reaches them");
    const query::Reaches reaches(meaning_);
    std::string rows;
    for (std::size_t i = 0; i < policy_.resources.size(); ++i) {
      const auto id = static_cast<ir::ResourceId>(i);
      const ir::Resource& r = policy_.resource(id);
      if (r.external || !is_own(r.where.span)) continue;
      std::string who;
      for (const query::Reach& reach : reaches.of(id))
        who += fmt::format("<div>{}: {}</div>", link("domain", name(reach.domain)), html(words(reach.verbs)));
      std::string paths = list_of(r.paths.include);
      if (!r.paths.exclude.empty()) paths += "<br>except " + list_of(r.paths.exclude);
      rows +=
          row(policy_.qualified_name(id) + " " + paths, {breakable(policy_.qualified_name(id)) + place(r.where.span),
                                                         r.kind ? std::string(ir::word(*r.kind)) : "", paths, who});
    }
    table({"Resource", "Kind", "Paths", "Who may do something on it"}, rows, "The policy declares no resources.");
  }

  [[nodiscard]] bool is_own(Span span) const {
    return std::any_of(inputs_.roots.begin(), inputs_.roots.end(),
                       [&](const sema::Root& root) { return root.file == span.file; });
  }

  // ---- the graph: domains on a circle, drawn the same way each time

  void graph() {
    section("graph", "Ways between domains");
    if (flows_.empty()) {
      out_ += "<p>Nothing leads from one domain to another.</p>\n";
      return;
    }
    // Of two, one stands beside the other. The names are on both sides.
    const double radius = domains_.size() < 3 ? 120 : std::min(260.0, 60 + 20 * static_cast<double>(domains_.size()));
    const double height = domains_.size() < 3 ? 60 : 2 * radius + 60;
    constexpr double kMiddle = 400;
    constexpr double kPi = 3.14159265358979;
    const auto angle = [&](std::size_t i) {
      return 2 * kPi * static_cast<double>(i) / static_cast<double>(domains_.size()) -
             (domains_.size() < 3 ? kPi / 2 : 0);
    };
    const auto x = [&](std::size_t i) { return kMiddle + radius * std::sin(angle(i)); };
    const auto y = [&](std::size_t i) { return height / 2 - radius * std::cos(angle(i)); };
    const auto at = [&](ir::DomainId id) {
      return static_cast<std::size_t>(std::find(domains_.begin(), domains_.end(), id) - domains_.begin());
    };
    out_ += fmt::format(
        "<p>Red: the first can steer the second. Grey: it can inform it.</p>\n<svg viewBox=\"0 0 800 {:.0f}\" "
        "role=\"img\" aria-label=\"Ways between domains\">\n"
        "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"14\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" "
        "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"currentColor\"/></marker></defs>\n",
        height);
    for (const Hop& hop : flows_) {
      const std::size_t a = at(hop.from);
      const std::size_t b = at(hop.to);
      out_ += fmt::format(
          "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
          "marker-end=\"url(#arrow)\"><title>{}</title></line>\n",
          query::is_control(hop.kind) ? "control" : "inform", x(a), y(a), x(b), y(b),
          html(fmt::format("{} to {}: {}", name(hop.from), name(hop.to), hop.how)));
    }
    for (std::size_t i = 0; i < domains_.size(); ++i) {
      const bool left = x(i) < kMiddle - 1;
      out_ += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
          "text-anchor=\"{}\">{}</text>\n",
          x(i), y(i), x(i) + (left ? -9 : 9), y(i) + 4, left ? "end" : "start", html(policy_.domain(domains_[i]).name));
    }
    out_ += "</svg>\n";
  }

  void findings() {
    section("findings", "Findings of the linter");
    std::string rows;
    for (const lint::Finding& f : findings_) {
      const Diagnostic& d = f.diagnostic;
      rows += row(d.message + " " + f.domain,
                  {std::string(report::word(d.severity)), fmt::format("{} {}", info(d.code).id, info(d.code).name),
                   html(d.message) + place(d.primary.span)});
    }
    table({"", "Lint", "What"}, rows, "The linter finds nothing.");
  }

  /// What comes out alike in several domains: a rule of an abstraction does so wherever that is included.
  struct Inexact {
    const backends::FidelityEntry* entry = nullptr;
    std::vector<ir::DomainId> domains;
  };
  static std::vector<Inexact> inexact(const backends::FidelityReport& report) {
    std::map<std::tuple<Span, std::string, std::string, std::vector<std::string>>, std::size_t> known;
    std::vector<Inexact> out;
    for (const backends::FidelityEntry& entry : report.entries) {
      if (entry.fidelity == backends::Fidelity::exact) continue;
      const auto [at, fresh] = known.try_emplace({entry.span, entry.rule, entry.topic, entry.what}, out.size());
      if (fresh) out.push_back({&entry, {}});
      out[at->second].domains.push_back(entry.domain);
    }
    return out;
  }
  /// As HTML.
  static std::string first_few(const std::vector<std::string>& texts) {
    constexpr std::size_t kShown = 5;
    std::string out;
    for (std::size_t i = 0; i < texts.size() && i < kShown; ++i) out += (i == 0 ? "" : "<br>") + html(texts[i]);
    if (texts.size() > kShown) out += fmt::format("<br>and {} more", texts.size() - kShown);
    return out;
  }
  [[nodiscard]] std::string links_to(const std::vector<ir::DomainId>& domains) const {
    constexpr std::size_t kShown = 5;
    std::string out;
    for (std::size_t i = 0; i < domains.size() && i < kShown; ++i)
      if (domains[i] != ir::DomainId::none) out += (out.empty() ? "" : "<br>") + link("domain", name(domains[i]));
    if (domains.size() > kShown) out += fmt::format("<br>and {} more", domains.size() - kShown);
    return out;
  }

  void fidelity() {
    section("targets", "Targets");
    if (targets_.empty()) out_ += "<p>The project has no targets.</p>\n";
    for (const TargetPart& part : targets_) {
      out_ += fmt::format("<h3>{} ({})</h3>\n", html(part.target->target.name), html(part.target->target.backend));
      if (part.lowered)
        differences(part.fidelity);
      else
        out_ += "<p class=\"bad\">The policy cannot be built for this target; <code>macc build</code> says why.</p>\n";
    }
  }

  void differences(const backends::FidelityReport& report) {
    std::map<backends::Fidelity, std::size_t> counts;
    for (const auto& entry : report.entries) ++counts[entry.fidelity];
    std::string summary;
    for (const auto& [fidelity, count] : counts)
      summary += fmt::format("{}{} {}", summary.empty() ? "" : ", ", count, backends::word(fidelity));
    out_ += fmt::format("<p>{}</p>\n", html(summary.empty() ? "no rules" : summary));
    std::map<std::string, std::vector<Inexact>> by_topic;
    for (Inexact& one : inexact(report)) by_topic[one.entry->topic].push_back(std::move(one));
    for (const auto& one : by_topic) {
      const auto topic = std::find_if(report.topics.begin(), report.topics.end(),
                                      [&](const backends::FidelityTopic& t) { return t.key == one.first; });
      difference(one.second, topic == report.topics.end() ? "" : topic->text);
    }
  }

  /// What comes out alike, under one key.
  void difference(const std::vector<Inexact>& all, const std::string& text) {
    const backends::FidelityEntry& first = *all.front().entry;
    out_ += fmt::format("<details><summary>{}: {} ({})</summary>\n<p>{}</p>\n", html(first.topic),
                        backends::word(first.fidelity), all.size(), html(text));
    std::string rows;
    for (const Inexact& one : all)
      rows += row(one.entry->rule + " " + first.topic,
                  {links_to(one.domains), code(one.entry->rule) + place(one.entry->span), first_few(one.entry->what)});
    table({"Domain", "Rule", "What else"}, rows, "");
    out_ += "</details>\n";
  }

  void tests() {
    section("tests", "Tests");
    std::string rows;
    for (const ir::Test& test : policy_.tests) {
      Diagnostics found;
      ir::run_test(meaning_, test, found);
      rows += row(test.name,
                  {html(test.name) + place(test.span), fmt::format("{}", test.expectations.size()),
                   found.all().empty() ? "<span class=\"good\">passes</span>" : "<span class=\"bad\">fails</span>"});
    }
    table({"Test", "Expectations", ""}, rows, "The policy has no tests.");
  }

  Session& session_;
  const Inputs& inputs_;
  const ir::Meaning& meaning_;
  const ir::Policy& policy_;
  std::vector<ir::DomainId> domains_;
  std::vector<Hop> flows_;
  std::vector<lint::Score> scores_;
  std::vector<lint::Finding> findings_;
  std::vector<TargetPart> targets_;
  std::string out_;
};

}  // namespace

void run_doc(Session& session) {
  const auto inputs = gather(session);
  if (!inputs) return;
  const auto settings = lint_settings(session, inputs->project);
  if (!settings) return;
  const auto targets = chosen_targets(session, inputs->project);
  const ir::Policy policy = analyze(session, *inputs, {lint::kSensitiveModule});
  if (session.diagnostics.has_errors()) return;
  const ir::Meaning meaning(policy);
  lint::Input input{meaning, session.sources, *settings, {}, session.arguments.operands.empty()};
  for (const sema::Root& root : inputs->roots) input.files.insert(root.file);
  std::vector<TargetPart> parts;
  for (const project::Target* target : targets) {
    Diagnostics found;
    const backends::Input one{policy, meaning, session.sources, target->target};
    const backends::Lowered lowered = backends::find(target->target.backend)->lower(one, found);
    parts.push_back({target, !found.has_errors(), lowered.fidelity});
  }
  const std::string page =
      Page(session, *inputs, meaning, lint::scores(input), lint::run(input).findings, std::move(parts)).write();
  if (session.arguments.value(Option::out) == "-") {
    session.out = page;
    session.raw_out = true;
    return;
  }
  const fs::path folder = session.arguments.has(Option::out)
                              ? session.environment.current / session.arguments.value(Option::out)
                              : out_folder(session, inputs->project) / "doc";
  if (!write_files(folder, {{"index.html", page}}, shown_by(session), session.diagnostics)) return;
  session.out += fmt::format("wrote {}\n", printable(session.loader.shown(folder / "index.html"), 400));
}

}  // namespace macc::driver
