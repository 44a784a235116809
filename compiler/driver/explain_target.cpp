#include "compiler/driver/explain_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "backends/backend.h"
#include "compiler/driver/inputs.h"
#include "compiler/driver/targets.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using backends::Explained;
using backends::Grant;
using backends::Question;
using Json = nlohmann::ordered_json;

void usage(Session& session, std::string message) { session.diagnostics.report(Code::E0005, {}, std::move(message)); }

/// The question and the files to compile; nullopt after a usage error.
std::optional<Question> question_of(Session& session) {
  Question question;
  std::vector<std::string>& operands = session.arguments.operands;
  const auto asks = [&](Option option) { return session.arguments.has(option); };
  if (asks(Option::rule) + asks(Option::access) + asks(Option::grants) > 1) {
    usage(session, "`--rule`, `--access` and `--grants` ask different questions: give one of them");
    return std::nullopt;
  }
  if (asks(Option::rule)) return question;
  if (asks(Option::grants)) {
    question.kind = Question::Kind::grants;
    question.subject = session.arguments.value(Option::grants);
    return question;
  }
  question.kind = Question::Kind::access;
  if (operands.size() < 4) {
    usage(session, "`--access` needs four words: DOMAIN TYPE CLASS PERMISSION");
    return std::nullopt;
  }
  question.subject = operands[0];
  question.object = operands[1];
  question.class_name = operands[2];
  question.permission = operands[3];
  operands.erase(operands.begin(), operands.begin() + 4);
  return question;
}

/// Whether a name means this file: as it is shown, as the project knows it, or by another way to the same place.
bool is_named(const Session& session, const SourceFile& file, const std::string& name) {
  const fs::path& current = session.environment.current;
  return file.path() == name || file.stable_path() == name ||
         (current / file.path()).lexically_normal() == (current / name).lexically_normal();
}

/// Whether the file of a place was read at all.
bool is_source(const Session& session, const FileLine& place) {
  for (std::size_t id = 1; id <= session.sources.count(); ++id) {
    if (is_named(session, session.sources.file(static_cast<FileId>(id)), place.file)) return true;
  }
  return false;
}

/// The name of a domain with its module, where it alone says which one is meant; any other name as it is.
std::string whole_name(const ir::Policy& policy, const std::string& name) {
  std::string found;
  for (std::size_t i = 0; i < policy.domains.size(); ++i) {
    if (policy.domains[i].name != name) continue;
    if (!found.empty()) return name;
    found = policy.qualified_name(static_cast<ir::DomainId>(i));
  }
  return found.empty() ? name : found;
}

bool is_module(const ir::Policy& policy, const std::string& name) {
  const auto is_in = [&](const auto& declared) { return declared.module == name; };
  return std::any_of(policy.domains.begin(), policy.domains.end(), is_in) ||
         std::any_of(policy.resources.begin(), policy.resources.end(), is_in);
}

/// Collects the statements that begin or stand on one line of a file.
class Statements {
 public:
  Statements(const Session& session, const ir::Policy& policy) : session_(session), policy_(policy) {}

  std::vector<Span> at(const FileLine& place) const {
    std::vector<Span> spans;
    const auto note = [&](Span span) {
      if (span.valid() && stands_at(span, place) && std::find(spans.begin(), spans.end(), span) == spans.end())
        spans.push_back(span);
    };
    for (const ir::Domain& domain : policy_.domains) {
      note(domain.where.span);
      for (const ir::Rule& rule : domain.rules) note(rule.where.span);
      for (const ir::Obligation& promise : domain.never) note(promise.where.span);
      for (const ir::Entry& entry : domain.entries) note(entry.where.span);
      for (const ir::RawText& raw : domain.raw) note(raw.where.span);
    }
    for (const ir::Resource& resource : policy_.resources) note(resource.where.span);
    for (const ir::Boolean& boolean : policy_.booleans) note(boolean.span);
    for (const ir::Ports& ports : policy_.ports) note(ports.span);
    return spans;
  }

 private:
  bool stands_at(Span span, const FileLine& place) const {
    const SourceFile& file = session_.sources.file(span.file);
    if (!is_named(session_, file, place.file)) return false;
    const std::uint32_t first = file.position(span.begin).line;
    const std::uint32_t last = file.position(span.end == span.begin ? span.end : span.end - 1).line;
    return first <= place.line && place.line <= last;
  }

  const Session& session_;
  const ir::Policy& policy_;
};

/// A `never` may have become hundreds of lines: people see the first of them.
Explained shortened(Explained explained) {
  constexpr std::size_t kMost = 40;
  if (explained.parts.size() > kMost) {
    const std::size_t more = explained.parts.size() - kMost;
    explained.parts.resize(kMost);
    explained.parts.push_back({fmt::format("... and {} more; `--format json` has all of them", more), {}});
  }
  for (Explained& part : explained.parts) part = shortened(std::move(part));
  return explained;
}

std::string text_of(const Session& session, const Explained& explained, std::size_t depth) {
  const std::string place = explained.place.valid() ? session.sources.describe(explained.place) + ": " : "";
  std::string out = std::string(depth * 2, ' ') + report::safe(place + explained.text) + "\n";
  for (const Explained& part : explained.parts) out += text_of(session, part, depth + 1);
  return out;
}

Json json_of(const Session& session, const Explained& explained) {
  Json place = nullptr;
  if (explained.place.valid()) {
    const Position p = session.sources.position(explained.place);
    place = {{"file", report::valid_utf8(session.sources.file(explained.place.file).stable_path())},
             {"line", p.line},
             {"column", p.column}};
  }
  Json parts = Json::array();
  for (const Explained& part : explained.parts) parts.push_back(json_of(session, part));
  Json all = {{"text", report::valid_utf8(explained.text)}, {"place", std::move(place)}, {"parts", std::move(parts)}};
  if (!explained.kind.empty()) all["kind"] = explained.kind;
  return all;
}

std::string text_of(const Session& session, const Grant& grant) {
  std::string line = fmt::format("{} {} {}", grant.kind, grant.source, grant.target);
  if (!grant.class_name.empty()) line += " " + grant.class_name;
  if (!grant.permissions.empty()) line += fmt::format(" {{ {} }}", fmt::join(grant.permissions, " "));
  if (!grant.name.empty()) line += fmt::format(" `{}`", printable(grant.name));
  if (!grant.result.empty()) line += " becomes " + grant.result;
  if (!grant.condition.empty()) line += " if " + grant.condition;
  return text_of(session, Explained{std::move(line), {}, grant.reasons}, 0);
}

Json json_of(const Session& session, const Grant& grant) {
  Json reasons = Json::array();
  for (const Explained& reason : grant.reasons) reasons.push_back(json_of(session, reason));
  return {{"kind", grant.kind},        {"source", grant.source},           {"target", grant.target},
          {"class", grant.class_name}, {"permissions", grant.permissions}, {"name", report::valid_utf8(grant.name)},
          {"result", grant.result},    {"condition", grant.condition},     {"reasons", std::move(reasons)}};
}

void answer(Session& session, const project::Target& target, const backends::Explanation& explanation) {
  using Status = backends::Explanation::Status;
  if (explanation.status != Status::answered)
    return usage(session, fmt::format("target `{}`: {}", printable(target.target.name), explanation.reason));
  if (session.arguments.value(Option::format, "text") == "json") {
    Json parts = Json::array();
    for (const Explained& part : explanation.parts) parts.push_back(json_of(session, part));
    Json all = {{"version", 1}, {"target", target.target.name}, {"answer", std::move(parts)}};
    if (session.arguments.has(Option::grants)) {
      Json& grants = all["grants"] = Json::array();
      for (const Grant& grant : explanation.grants) grants.push_back(json_of(session, grant));
      all["groups"] = explanation.groups;
    }
    session.out = all.dump(2) + "\n";
    session.raw_out = true;
    return;
  }
  for (const Explained& part : explanation.parts) session.out += text_of(session, shortened(part), 0);
  for (const Grant& grant : explanation.grants) session.out += text_of(session, grant);
}

/// The one target that the question is about.
const project::Target* only_target(Session& session, const Inputs& inputs) {
  const auto targets = chosen_targets(session, inputs.project);
  if (session.diagnostics.has_errors()) return nullptr;
  if (targets.size() == 1) return targets.front();
  std::string names;
  for (const project::Target* target : targets) names += fmt::format(" `{}`", target->target.name);
  usage(session, fmt::format("say which target with `--target NAME`; there are{}", names.empty() ? " none" : names));
  return nullptr;
}

/// What one target answers. False where it cannot be compiled, which is reported, and no matter of other targets.
bool answer_for(Session& session, const ir::Meaning& meaning, const project::Target& target, const Question& question) {
  const backends::Backend* backend = backends::find(target.target.backend);
  const backends::Input input{meaning.policy(), meaning, session.sources, target.target};
  Diagnostics found;
  const backends::Lowered lowered = backend->lower(input, found);
  for (const Diagnostic& d : found.all()) session.diagnostics.add(d);
  if (found.has_errors()) return false;
  answer(session, target, backend->explain(input, lowered, question));
  return true;
}

/// The targets that the question is about: a rule became something on each, other questions are in the words of one.
std::vector<const project::Target*> targets_of(Session& session, const Inputs& inputs, const Question& question) {
  const bool each = question.kind == Question::Kind::rule && session.arguments.value(Option::format, "text") == "text";
  if (each) return chosen_targets(session, inputs.project);
  const project::Target* one = only_target(session, inputs);
  return one == nullptr ? std::vector<const project::Target*>() : std::vector{one};
}

}  // namespace

std::optional<FileLine> file_line_of(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return std::nullopt;
  FileLine place{text.substr(0, colon), 0};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, place.line);
  if (error != std::errc() || stop != end || place.line == 0) return std::nullopt;
  return place;
}

void explain_target(Session& session) {
  auto question = question_of(session);
  if (!question) return;
  std::optional<FileLine> place;
  if (question->kind == Question::Kind::rule) {
    place = file_line_of(session.arguments.value(Option::rule));
    if (!place) return usage(session, "`--rule` needs a place: FILE:LINE");
  }
  const auto inputs = gather(session);
  if (!inputs) return;
  const auto targets = targets_of(session, *inputs, *question);
  if (targets.empty()) {
    if (!session.diagnostics.has_errors()) usage(session, "the project has no targets to ask");
    return;
  }
  const ir::Policy policy = analyze(session, *inputs);
  if (session.diagnostics.has_errors()) return;
  if (place && !is_source(session, *place))
    return usage(session, fmt::format("`{}` is no policy of those that are looked at", printable(place->file)));
  if (place) question->places = Statements(session, policy).at(*place);
  // All that is granted may be asked of a module, and many have a domain of the same name in them.
  if (question->kind != Question::Kind::grants || !is_module(policy, question->subject))
    question->subject = whole_name(policy, question->subject);
  if (place && question->places.empty())
    return usage(session, fmt::format("no rule stands at line {} of `{}`", place->line, printable(place->file)));
  const ir::Meaning meaning(policy);
  for (const project::Target* target : targets) {
    if (targets.size() > 1)
      session.out +=
          fmt::format("{}{} ({})\n", session.out.empty() ? "" : "\n", target->target.name, target->target.backend);
    const bool compiled = answer_for(session, meaning, *target, *question);
    if (!compiled && targets.size() > 1) session.out += "it cannot be compiled\n";
  }
}

}  // namespace macc::driver
