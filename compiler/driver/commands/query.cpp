#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "backends/backend.h"
#include "compiler/base/process.h"
#include "compiler/base/temporary_folder.h"
#include "compiler/driver/question.h"
#include "compiler/driver/targets.h"
#include "compiler/query/answers.h"
#include "compiler/query/flow.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace {

using query::Answer;
using query::Hop;
using query::Verdict;
using Json = nlohmann::ordered_json;

Diagnostic& usage(Session& session, std::string message) {
  return session.diagnostics.report(Code::E0005, {}, std::move(message));
}

/// What all questions share: the policy, and how rules are pointed at.
class Asked {
 public:
  Asked(Session& session, ir::Policy policy) : session_(session), policy_(std::move(policy)), meaning_(policy_) {}

  [[nodiscard]] const ir::Policy& policy() const { return policy_; }
  [[nodiscard]] const ir::Meaning& meaning() const { return meaning_; }
  [[nodiscard]] bool json() const { return session_.arguments.value(Option::format) == "json"; }
  [[nodiscard]] std::string name(ir::DomainId id) const { return policy_.qualified_name(id); }
  [[nodiscard]] const ir::Test& question(std::size_t index) const { return policy_.asked.at(index); }

  void print(const std::string& text) { session_.out += text; }
  /// An answer in a word, in its colour.
  [[nodiscard]] std::string painted(query::Answer answer) const {
    const report::Ink ink = answer == query::Answer::yes  ? report::Ink::green
                            : answer == query::Answer::no ? report::Ink::red
                                                          : report::Ink::yellow;
    return session_.paint(ink, query::word(answer));
  }
  void answer(const Json& json) {
    session_.out = json.dump(2) + "\n";
    session_.raw_out = true;
  }

  [[nodiscard]] std::string place(const ir::Provenance& where) const {
    return printable(session_.sources.describe(where.span), 400);
  }
  /// "`read "/etc/**"` (web.macc:12), through `include service.daemon` (web.macc:3)"
  [[nodiscard]] std::string rule_text(const ir::Rule& rule) const {
    std::string out = fmt::format("`{}` ({})", report::safe(ir::describe(policy_, rule)), place(rule.where));
    for (auto it = rule.where.includes.rbegin(); it != rule.where.includes.rend(); ++it)
      out += fmt::format(", through `include {}` ({})", it->abstraction, session_.sources.describe(it->at));
    return out;
  }
  [[nodiscard]] Json rule_json(const ir::Rule* rule) const {
    if (rule == nullptr) return nullptr;
    Json through = Json::array();
    for (const auto& frame : rule->where.includes)
      through.push_back({{"abstraction", frame.abstraction}, {"place", session_.sources.describe(frame.at)}});
    return {{"rule", report::valid_utf8(ir::describe(policy_, *rule))},
            {"place", report::valid_utf8(session_.sources.describe(rule->where.span))},
            {"through", std::move(through)}};
  }

 private:
  Session& session_;
  ir::Policy policy_;
  ir::Meaning meaning_;
};

// ---- complain mode

std::vector<ir::DomainId> complaining(const Asked& asked, std::vector<ir::DomainId> domains) {
  std::erase_if(domains, [&](ir::DomainId id) { return !asked.policy().domain(id).complain; });
  return domains;
}

/// Answers that there is nothing are about the rules, and these stop nothing in such domains.
void note_complaining(Asked& asked, const std::vector<ir::DomainId>& domains) {
  for (const ir::DomainId id : complaining(asked, domains))
    asked.print(fmt::format("but {} {}\n", asked.name(id), query::kComplains));
}

Json complaining_json(const Asked& asked, const std::vector<ir::DomainId>& domains) {
  Json out = Json::array();
  for (const ir::DomainId id : complaining(asked, domains)) out.push_back(asked.name(id));
  return out;
}

// ---- raw texts

/// Raw texts of these domains, once for each backend. What they allow on its targets is in no answer.
struct Raw {
  ir::DomainId domain = ir::DomainId::none;
  std::string backend;
};
std::vector<Raw> raw_texts(const Asked& asked, const std::vector<ir::DomainId>& domains) {
  std::vector<Raw> out;
  for (const ir::DomainId id : domains) {
    std::set<std::string> backends;
    for (const ir::RawText& raw : asked.policy().domain(id).raw) backends.insert(raw.backend);
    for (const std::string& backend : backends) out.push_back({id, backend});
  }
  return out;
}

void note_raw(Asked& asked, const std::vector<ir::DomainId>& domains) {
  for (const Raw& raw : raw_texts(asked, domains))
    asked.print(fmt::format("{} has a raw text for {}: what that allows or denies there is in no answer\n",
                            asked.name(raw.domain), raw.backend));
}

Json raw_json(const Asked& asked, const std::vector<ir::DomainId>& domains) {
  Json out = Json::array();
  for (const Raw& raw : raw_texts(asked, domains))
    out.push_back({{"domain", asked.name(raw.domain)}, {"backend", raw.backend}});
  return out;
}

// ---- may, who

std::string verdict_text(const Asked& asked, const Verdict& v, const std::string& who) {
  std::string out;
  const auto line = [&out](const std::string& text) { out += "  " + text + "\n"; };
  if (v.answer != Answer::no) {
    line(fmt::format("{} may {}", who, report::safe(v.allowed)));
    line(v.by != nullptr ? "  by " + asked.rule_text(*v.by) : "  it needs no rule: that is always there");
  }
  if (v.answer != Answer::yes) {
    line(fmt::format("{} may not {}", who, report::safe(v.denied)));
    line(v.against != nullptr ? "  by " + asked.rule_text(*v.against) : "  no rule allows it");
  }
  std::string ways;
  for (const Verdict::Way& way : v.ways)
    ways += fmt::format("{}{}: {}", ways.empty() ? "" : "; ", report::safe(way.how), query::word(way.answer));
  if (v.ways.size() > 1) line(ways);
  if (!v.otherwise.empty()) line("it would be " + v.otherwise);
  if (v.untried != 0)
    line(
        fmt::format("whether other values of booleans change that is not known: it depends on {} of them, whose values "
                    "were not all tried",
                    v.untried));
  if (!v.owned.empty()) line(fmt::format("for files of its own user (`owner`), it would be {}", v.owned));
  return out;
}

Json verdict_json(const Asked& asked, const Verdict& v) {
  Json out = {{"answer", query::word(v.answer)}};
  if (v.answer != Answer::no)
    out["allowed"] = {{"example", report::valid_utf8(v.allowed)}, {"by", asked.rule_json(v.by)}};
  if (v.answer != Answer::yes)
    out["denied"] = {{"example", report::valid_utf8(v.denied)}, {"by", asked.rule_json(v.against)}};
  for (const Verdict::Way& way : v.ways)
    out["ways"].push_back({{"way", report::valid_utf8(way.how)}, {"answer", query::word(way.answer)}});
  if (!v.otherwise.empty()) out["otherwise"] = v.otherwise;
  if (v.untried != 0) out["untried_booleans"] = v.untried;
  if (!v.owned.empty()) out["owner"] = v.owned;
  return out;
}

/// Of several objects, the answer is yes only where it is so for all.
Answer together(const std::vector<Verdict>& verdicts) {
  const auto all = [&](Answer answer) {
    return std::all_of(verdicts.begin(), verdicts.end(), [&](const Verdict& v) { return v.answer == answer; });
  };
  return all(Answer::yes) ? Answer::yes : all(Answer::no) ? Answer::no : Answer::partly;
}

// ---- on targets

/// What is compiled for one target, asked about one object.
struct TargetAnswer {
  std::string target;
  std::string asked;
  backends::ProbeAnswer answer;
};

std::vector<TargetAnswer> on_targets(Session& session, const Asked& asked, const Inputs& inputs) {
  std::vector<TargetAnswer> out;
  if (!session.arguments.has(Option::target)) return out;
  for (const project::Target* target : chosen_targets(session, inputs.project)) {
    const backends::Backend* backend = backends::find(target->target.backend);
    const backends::Input input{asked.policy(), asked.meaning(), session.sources, target->target};
    Diagnostics found;
    const backends::Lowered lowered = backend->lower(input, found);
    for (const Diagnostic& d : found.all()) session.diagnostics.add(d);
    std::vector<backends::Probe> probes;
    for (const ir::TestExpectation& e : asked.question(0).expectations) {
      // The first values of the booleans that the question allows: the declared ones where they do.
      const auto values = ir::assignments_of(asked.policy(), e);
      probes.push_back(
          {e.domain, &e.access, values && !values->empty() ? values->front() : ir::declared_values(asked.policy())});
    }
    backends::ProbeAnswer not_compiled;
    not_compiled.reason = "it cannot be compiled";
    const auto answers =
        found.has_errors() ? std::vector(probes.size(), not_compiled) : backend->probe(input, lowered, probes);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const ir::Access& access = *probes[i].access;
      out.push_back({target->target.name, ir::describe(asked.policy(), access), answers[i]});
      for (std::string* example : {&out.back().answer.allowed, &out.back().answer.denied})
        *example = in_full(asked.policy(), access, *example);
    }
  }
  return out;
}

Answer answer_of(const backends::ProbeAnswer& answer) {
  return answer.allowed.empty() ? Answer::no : answer.denied.empty() ? Answer::yes : Answer::partly;
}

std::string text_of(const TargetAnswer& on, const std::string& who) {
  const backends::ProbeAnswer& answer = on.answer;
  if (!answer.answered) return fmt::format("on {}: not known: {}\n", on.target, report::safe(answer.reason));
  std::string out = fmt::format("on {}: {}\n", on.target, query::word(answer_of(answer)));
  if (!answer.allowed.empty()) out += fmt::format("  {} may {}\n", who, report::safe(answer.allowed));
  if (!answer.denied.empty()) out += fmt::format("  {} may not {}\n", who, report::safe(answer.denied));
  if (!answer.by.empty()) out += fmt::format("    by {}\n", report::safe(answer.by));
  return out;
}

Json on_targets_json(Session& session, const Asked& asked, const Inputs& inputs) {
  Json out = Json::array();
  for (const TargetAnswer& on : on_targets(session, asked, inputs)) {
    Json one = {{"target", on.target}, {"asked", report::valid_utf8(on.asked)}};
    one["answer"] = on.answer.answered ? Json(query::word(answer_of(on.answer))) : Json();
    const auto add = [&one](const char* key, const std::string& value) {
      if (!value.empty()) one[key] = report::valid_utf8(value);
    };
    add("reason", on.answer.reason);
    add("allowed", on.answer.allowed);
    add("denied", on.answer.denied);
    add("by", on.answer.by);
    out.push_back(std::move(one));
  }
  return out;
}

void may(Session& session, Asked& asked, const Inputs& inputs) {
  const auto& expectations = asked.question(0).expectations;
  std::vector<Verdict> verdicts;
  for (const ir::TestExpectation& e : expectations)
    verdicts.push_back(query::decide(asked.meaning(), e.domain, e.access, e.when));
  const Answer answer = together(verdicts);
  const ir::DomainId domain = expectations.front().domain;
  const bool complain = asked.policy().domain(domain).complain;
  const std::string who = asked.name(domain);
  if (asked.json()) {
    Json parts = Json::array();
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      Json part = {{"asked", report::valid_utf8(ir::describe(asked.policy(), expectations[i].access))}};
      part.update(verdict_json(asked, verdicts[i]));
      parts.push_back(std::move(part));
    }
    Json all = {{"schema", "macc-query/1"},  {"domain", who},
                {"complain", complain},      {"answer", query::word(answer)},
                {"parts", std::move(parts)}, {"raw", raw_json(asked, {domain})}};
    const Json targets = on_targets_json(session, asked, inputs);
    if (!targets.empty()) all["targets"] = targets;
    return asked.answer(all);
  }
  asked.print(fmt::format("{}\n", asked.painted(answer)));
  for (const Verdict& v : verdicts) asked.print(verdict_text(asked, v, who));
  if (complain && answer != Answer::yes) asked.print(fmt::format("  {} {}\n", who, query::kComplains));
  note_raw(asked, {domain});
  for (const TargetAnswer& on : on_targets(session, asked, inputs)) asked.print(text_of(on, who));
}

void who(Asked& asked) {
  const auto& expectations = asked.question(0).expectations;
  Json list = Json::array();
  std::size_t found = 0;
  for (const ir::DomainId id : query::domains_by_name(asked.policy())) {
    std::vector<Verdict> verdicts;
    for (const ir::TestExpectation& e : expectations) verdicts.push_back(query::decide(asked.meaning(), id, e.access));
    const Answer answer = together(verdicts);
    // What is not known is no reason to leave a domain out.
    const bool could = std::any_of(verdicts.begin(), verdicts.end(), [](const Verdict& v) {
      return !v.otherwise.empty() || !v.owned.empty() || v.untried != 0;
    });
    const bool complain = asked.policy().domain(id).complain;
    if (answer == Answer::no && !could && !complain) continue;
    ++found;
    if (asked.json()) {
      Json parts = Json::array();
      for (const Verdict& v : verdicts) parts.push_back(verdict_json(asked, v));
      list.push_back({{"domain", asked.name(id)},
                      {"complain", complain},
                      {"answer", query::word(answer)},
                      {"parts", std::move(parts)}});
      continue;
    }
    asked.print(fmt::format("{}: {}\n", asked.name(id), asked.painted(answer)));
    for (const Verdict& v : verdicts) asked.print(verdict_text(asked, v, "it"));
    if (complain && answer != Answer::yes) asked.print(fmt::format("  it {}\n", query::kComplains));
  }
  const auto everyone = query::domains_by_name(asked.policy());
  if (asked.json())
    return asked.answer(
        Json{{"schema", "macc-query/1"}, {"domains", std::move(list)}, {"raw", raw_json(asked, everyone)}});
  if (found == 0) asked.print("nobody\n");
  note_raw(asked, everyone);
}

// ---- all, modify-and-run

void all(Asked& asked) {
  const ir::DomainId id = asked.question(0).expectations.front().domain;
  const ir::Domain& domain = asked.policy().domain(id);
  const auto lines = query::all_of(asked.meaning(), id);
  if (asked.json()) {
    Json list = Json::array();
    for (const query::Line& line : lines) {
      Json row = {{"area", query::heading(line.area)}, {"what", report::valid_utf8(line.what)}};
      if (!line.when.empty()) row["when"] = line.when;
      if (!line.less.empty()) row["less"] = report::valid_utf8(line.less);
      row["place"] = asked.place(line.where);
      list.push_back(std::move(row));
    }
    return asked.answer(Json{{"schema", "macc-query/1"},
                             {"domain", asked.name(id)},
                             {"complain", domain.complain},
                             {"all", std::move(list)},
                             {"raw", raw_json(asked, {id})}});
  }
  asked.print(fmt::format("{} may\n", asked.name(id)));
  std::optional<query::Area> area;
  for (const query::Line& line : lines) {
    if (area != line.area) asked.print(fmt::format("  {}\n", query::heading(line.area)));
    area = line.area;
    std::string text = line.what + (line.when.empty() ? "" : " " + line.when);
    if (!line.less.empty()) text += ", " + line.less;
    asked.print(fmt::format("    {}\n", report::safe(text)));
  }
  if (lines.empty()) asked.print("  nothing that needs a rule\n");
  if (domain.complain) asked.print(fmt::format("  but it {}\n", query::kComplains));
  note_raw(asked, {id});
}

std::string text_of(const Asked& asked, const query::ModifyAndRun& one) {
  using Run = query::ModifyAndRun::Run;
  const char* run = one.how == Run::exec ? "run" : one.how == Run::load ? "load" : "be entered by";
  std::string out = fmt::format("{} may {} ", asked.name(one.domain), ir::word(one.verb));
  out += one.moves() ? fmt::format("{} and {} what it then holds", report::safe(one.example), run)
                     : fmt::format("and {} {}", run, report::safe(one.example));
  out += "\n  " + asked.rule_text(*one.change) + "\n";
  if (one.run != nullptr && one.run != one.change) out += "  " + asked.rule_text(*one.run) + "\n";
  if (one.entry != nullptr)
    out += fmt::format("  `entry {}` ({})\n", report::safe(ir::describe(asked.policy(), one.entry->paths)),
                       asked.place(one.entry->where));
  return out;
}

void modify_and_run(Asked& asked) {
  std::vector<ir::DomainId> domains = query::domains_by_name(asked.policy());
  if (!asked.policy().asked.empty()) domains = {asked.question(0).expectations.front().domain};
  Json list = Json::array();
  std::size_t found = 0;
  for (const ir::DomainId id : domains) {
    for (const query::ModifyAndRun& one : query::modify_and_run(asked.meaning(), id)) {
      ++found;
      if (asked.json()) {
        list.push_back({{"domain", asked.name(id)},
                        {"path", report::valid_utf8(one.example)},
                        {"modify", ir::word(one.verb)},
                        {"run", query::word(one.how)},
                        {"modified_by", asked.rule_json(one.change)},
                        {"run_by", asked.rule_json(one.run)}});
        continue;
      }
      asked.print(text_of(asked, one));
    }
  }
  if (asked.json()) {
    return asked.answer(Json{{"schema", "macc-query/1"},
                             {"paths", std::move(list)},
                             {"complain", complaining_json(asked, domains)},
                             {"raw", raw_json(asked, domains)}});
  }
  if (found == 0) asked.print("nothing can be both modified and run\n");
  note_complaining(asked, domains);
  note_raw(asked, domains);
}

// ---- flow, graph

Json hop_json(const Asked& asked, const Hop& hop) {
  return {{"from", asked.name(hop.from)},       {"to", asked.name(hop.to)},
          {"kind", query::word(hop.kind)},      {"control", query::is_control(hop.kind)},
          {"how", report::valid_utf8(hop.how)}, {"giver", asked.rule_json(hop.giver)},
          {"taker", asked.rule_json(hop.taker)}};
}

void flow(Asked& asked) {
  const ir::DomainId from = asked.question(0).expectations.front().domain;
  const ir::DomainId to = asked.question(1).expectations.front().domain;
  const auto way = query::Flows(asked.meaning()).way(from, to);
  if (asked.json()) {
    Json hops = Json::array();
    for (const Hop& hop : way) hops.push_back(hop_json(asked, hop));
    return asked.answer(Json{{"schema", "macc-query/1"},
                             {"from", asked.name(from)},
                             {"to", asked.name(to)},
                             {"way", std::move(hops)},
                             {"complain", complaining_json(asked, query::domains_by_name(asked.policy()))},
                             {"raw", raw_json(asked, query::domains_by_name(asked.policy()))}});
  }
  if (from == to) return asked.print("that is one domain\n");
  if (way.empty()) {
    asked.print(fmt::format("no: nothing leads from {} to {} through the domains of this policy\n", asked.name(from),
                            asked.name(to)));
    note_complaining(asked, query::domains_by_name(asked.policy()));
    return note_raw(asked, query::domains_by_name(asked.policy()));
  }
  asked.print(fmt::format("yes, in {}\n", way.size() == 1 ? "1 step" : fmt::format("{} steps", way.size())));
  for (const Hop& hop : way) {
    asked.print(fmt::format("  {} -> {} ({}): {}\n", asked.name(hop.from), asked.name(hop.to), query::word(hop.kind),
                            report::safe(hop.how)));
    for (const ir::Rule* rule : {hop.giver, hop.taker})
      if (rule != nullptr) asked.print("    " + asked.rule_text(*rule) + "\n");
  }
}

/// A text between quotes of the dot language.
std::string dot_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : report::safe(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string dot_of(const Asked& asked, const std::vector<Hop>& hops) {
  std::string out =
      "digraph policy {\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\", "
      "fontsize=10];\n";
  for (const ir::DomainId id : query::domains_by_name(asked.policy()))
    out += fmt::format("  {};\n", dot_text(asked.name(id)));
  for (const Hop& hop : hops) {
    out += fmt::format("  {} -> {} [label={}, tooltip={}{}];\n", dot_text(asked.name(hop.from)),
                       dot_text(asked.name(hop.to)), dot_text(std::string(query::word(hop.kind))), dot_text(hop.how),
                       query::is_control(hop.kind) ? ", style=bold" : "");
  }
  return out + "}\n";
}

/// Drawn by Graphviz; "" after a report.
std::string svg_of(Session& session, const std::string& dot) {
  const auto refuse = [&](const std::string& why, const std::string& advice) {
    session.diagnostics.report(Code::E9016, {}, "the graph cannot be drawn: " + why).note(advice);
    return std::string();
  };
  const std::string program = find_program("dot");
  if (program.empty())
    return refuse("there is no `dot`", "install it: `apt-get install graphviz`, or take `--format dot`");
  const TemporaryFolder folder("macc-graph");
  const std::filesystem::path file = folder.path() / "policy.dot";
  if (folder.path().empty() || !macc::write_file(file, dot))
    throw std::runtime_error("there is no place for temporary files");
  const ProcessResult drawn = run_process({program, "-Tsvg", file.string()}, std::chrono::seconds(60));
  if (drawn.end == ProcessResult::End::exited && drawn.status == 0) return drawn.out;
  return refuse(
      drawn.end == ProcessResult::End::timed_out ? "`dot` took more than a minute" : printable(drawn.err, 200),
      "`--format dot` gives the graph itself");
}

void graph(Session& session, Asked& asked) {
  const auto hops = query::Flows(asked.meaning()).all();
  const std::string format = session.arguments.value(Option::format, "text");
  if (format == "json") {
    Json list = Json::array();
    for (const Hop& hop : hops) list.push_back(hop_json(asked, hop));
    return asked.answer(Json{{"schema", "macc-query/1"},
                             {"steps", std::move(list)},
                             {"complain", complaining_json(asked, query::domains_by_name(asked.policy()))},
                             {"raw", raw_json(asked, query::domains_by_name(asked.policy()))}});
  }
  if (format == "dot" || format == "svg") {
    const std::string dot = dot_of(asked, hops);
    session.out = format == "dot" ? dot : svg_of(session, dot);
    session.raw_out = true;
    return;
  }
  for (const Hop& hop : hops)
    asked.print(fmt::format("{} -> {} ({}): {}\n", asked.name(hop.from), asked.name(hop.to), query::word(hop.kind),
                            report::safe(hop.how)));
  if (hops.empty()) asked.print("nothing leads from one domain to another\n");
  note_complaining(asked, query::domains_by_name(asked.policy()));
  note_raw(asked, query::domains_by_name(asked.policy()));
}

// ---- the command line

/// What can be asked, and how many words that needs.
struct Kind {
  const char* word;
  const char* operands;
  std::size_t least, most;
};
constexpr std::size_t kMany = 1000;
constexpr Kind kKinds[] = {{"may", "DOMAIN PHRASE", 2, kMany},   {"who", "PHRASE", 1, kMany}, {"all", "DOMAIN", 1, 1},
                           {"modify-and-run", "[DOMAIN]", 0, 1}, {"flow", "FROM TO", 2, 2},   {"graph", "", 0, 0}};

const Kind* kind_of(Session& session, std::vector<std::string>& words) {
  const auto list = [] {
    std::string out;
    for (const Kind& kind : kKinds)
      out +=
          fmt::format("{}`{}{}{}`", out.empty() ? "" : ", ", kind.word, *kind.operands != 0 ? " " : "", kind.operands);
    return out;
  };
  if (words.empty()) {
    usage(session, "`macc query` needs a question").note("it is one of " + list());
    return nullptr;
  }
  const std::string given = words.front();
  words.erase(words.begin());
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) {
    known.emplace_back(kind.word);
    if (given != kind.word) continue;
    if (words.size() >= kind.least && words.size() <= kind.most) return &kind;
    usage(session, fmt::format("`macc query {}` is followed by {}", kind.word,
                               *kind.operands != 0 ? fmt::format("{}", kind.operands) : "nothing"));
    return nullptr;
  }
  Diagnostic& d = usage(session, fmt::format("`macc query` knows no `{}`", printable(given)));
  const std::string guess = did_you_mean(given, known);
  d.note(guess.empty() ? "it is one of " + list() : fmt::format("did you mean `{}`?", guess));
  return nullptr;
}

bool check_format(Session& session, const std::string& kind) {
  const std::string format = session.arguments.value(Option::format, "text");
  if ((format != "dot" && format != "svg") || kind == "graph") return true;
  usage(session, fmt::format("`--format {}` is for `macc query graph`", format));
  return false;
}

/// The policies that `--in` names, or else those of the project.
void take_files(Session& session) {
  session.arguments.operands.clear();
  if (session.arguments.has(Option::in)) session.arguments.operands = session.arguments.values.at(Option::in);
}

}  // namespace

void answer_decision(Session& session, const std::vector<std::string>& words) {
  take_files(session);
  const auto inputs = gather(session);
  if (!inputs) return;
  Questions questions(session);
  questions.about(words.front(), {words.begin() + 1, words.end()});
  Asked asked(session, questions.analyze(*inputs));
  if (session.diagnostics.has_errors()) return;
  for (const ir::TestExpectation& e : asked.question(0).expectations) {
    if (ir::assignments_of(asked.policy(), e)) continue;
    session.diagnostics.report(Code::E0504, questions.shown(e.span),
                               "the condition of this question names more booleans than are tried");
    return;
  }
  may(session, asked, *inputs);
}

void run_query(Session& session) {
  std::vector<std::string> words = std::move(session.arguments.operands);
  session.arguments.operands.clear();
  const Kind* kind = kind_of(session, words);
  if (kind == nullptr || !check_format(session, kind->word)) return;
  if (std::string_view(kind->word) == "may") return answer_decision(session, words);
  if (session.arguments.has(Option::target))
    return (void)usage(session, "`--target` goes with `macc query may`: the other questions are about the policy");
  take_files(session);
  const auto inputs = gather(session);
  if (!inputs) return;
  const std::string word = kind->word;
  Questions questions(session);
  if (word == "who") {
    questions.about_anyone(words);
  } else {
    for (const std::string& domain : words) questions.name(domain);
  }
  Asked asked(session, questions.analyze(*inputs));
  if (session.diagnostics.has_errors()) return;
  if (word == "who") return who(asked);
  if (word == "all") return all(asked);
  if (word == "modify-and-run") return modify_and_run(asked);
  if (word == "flow") return flow(asked);
  graph(session, asked);
}

}  // namespace macc::driver
