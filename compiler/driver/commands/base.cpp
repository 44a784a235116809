#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/backend.h"
#include "compiler/driver/output.h"
#include "compiler/driver/session.h"
#include "compiler/report/cells.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

using backends::BaseAnswer;
using backends::BaseTool;
using backends::Table;
using Json = nlohmann::ordered_json;

constexpr Option kQuestions[] = {Option::path, Option::type,    Option::attribute,
                                 Option::port, Option::boolean, Option::class_name};

std::string_view name_of(Option option) { return option_table().at(static_cast<std::size_t>(option)).name; }

Diagnostic& usage(Session& session, std::string message) {
  return session.diagnostics.report(Code::E0005, {}, std::move(message));
}

const BaseTool* tool() {
  for (const backends::Backend* backend : backends::all()) {
    if (backend->bases() != nullptr) return backend->bases();
  }
  return nullptr;
}

/// Columns as wide as their cells, but for the last one.
std::string text_of(const Table& table) {
  std::vector<std::size_t> widths;
  for (const std::string& column : table.columns) widths.push_back(column.size());
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], report::safe(row[i]).size());
  }
  std::string out = report::safe(table.title) + "\n";
  for (const auto& row : table.rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line +=
          i + 1 == row.size() ? "  " + report::safe(row[i]) : fmt::format("  {:<{}}", report::safe(row[i]), widths[i]);
    out += line + "\n";
  }
  return out;
}

Json json_of(const BaseAnswer& answer) {
  Json tables = Json::array();
  for (const Table& table : answer.tables) {
    Json rows = Json::array();
    for (const auto& row : table.rows) {
      Json cells;
      for (std::size_t i = 0; i < row.size(); ++i) cells[table.columns[i]] = report::valid_utf8(row[i]);
      rows.push_back(std::move(cells));
    }
    tables.push_back({{"key", table.key}, {"title", report::valid_utf8(table.title)}, {"rows", std::move(rows)}});
  }
  Json notices = Json::array();
  for (const std::string& notice : answer.notices) notices.push_back(report::valid_utf8(notice));
  return {{"schema", "macc-base/1"}, {"notices", std::move(notices)}, {"tables", std::move(tables)}};
}

/// Prints an answer, or reports why there is none. False in that case.
bool tell(Session& session, const BaseAnswer& answer) {
  if (!answer.problem.empty()) {
    Diagnostic& d = session.diagnostics.report(answer.no_such_name ? Code::E0010 : Code::E0009, {},
                                               printable(answer.problem, 1000));
    for (const std::string& hint : answer.hints) d.note(hint);
    return false;
  }
  if (session.arguments.value(Option::format) == "json") {
    session.out = json_of(answer).dump(2) + "\n";
    session.raw_out = true;
    return true;
  }
  for (const Table& table : answer.tables) session.out += (session.out.empty() ? "" : "\n") + text_of(table);
  if (!answer.notices.empty()) session.out += "\n";
  for (const std::string& notice : answer.notices) session.out += fmt::format("note: {}\n", report::safe(notice));
  return true;
}

/// A word that a target may have for its base, or a file as the file system finds it.
std::string absolute(const Session& session, const std::string& given) {
  if (given.empty() || given.find_first_of("/.") == std::string::npos) return given;
  const fs::path path(given);
  return (path.is_absolute() ? path : session.environment.current / path).lexically_normal().string();
}

bool refuse_options(Session& session, std::string_view word, std::initializer_list<Option> options) {
  for (const Option option : options) {
    if (!session.arguments.has(option)) continue;
    usage(session, fmt::format("`macc base {}` has no option `--{}`", word, name_of(option)))
        .note("`macc base --help` says which part has it");
    return false;
  }
  return true;
}

bool refuse_operands(Session& session, std::string_view word, std::size_t least, std::size_t most) {
  const std::size_t given = session.arguments.operands.size() - 1;
  if (given >= least && given <= most) return true;
  usage(session, fmt::format("`macc base {}` takes {}, not {}", word,
                             least == most ? fmt::format("{} bases", most) : "at most one operand", given))
      .note("`macc base --help` shows how it is used");
  return false;
}

void import(Session& session, const BaseTool& bases) {
  if (!refuse_options(
          session, "import",
          {Option::path, Option::type, Option::attribute, Option::port, Option::boolean, Option::class_name}) ||
      !refuse_operands(session, "import", 0, 1))
    return;
  const auto& operands = session.arguments.operands;
  const auto folder = [&](const std::string& given) {
    return given.empty() ? given : (session.environment.current / given).lexically_normal().string();
  };
  const std::string from = operands.size() > 1 ? folder(operands[1]) : "";
  if (!from.empty() && (session.arguments.has(Option::root) || session.arguments.has(Option::policy))) {
    usage(session, "`--root` and `--policy` say which system's policy is looked for, but the operand names it already");
    return;
  }
  const backends::ImportedBase made =
      bases.import({from, session.arguments.value(Option::policy), folder(session.arguments.value(Option::root)),
                    session.arguments.has(Option::leave_out) ? session.arguments.values.at(Option::leave_out)
                                                             : std::vector<std::string>()});
  if (!tell(session, made.summary)) return;
  const fs::path out = session.environment.current / session.arguments.value(Option::out, made.file_name);
  const auto may_replace = [&](const fs::path& path) { return bases.is_base(path.string()); };
  const Shown shown = [&](const fs::path& path) { return session.loader.shown(path); };
  if (!write_file(out.lexically_normal(), made.bytes, may_replace, shown, session.diagnostics)) return;
  if (!session.raw_out) session.out += fmt::format("\nwrote {}\n", printable(session.loader.shown(out), 400));
}

void show(Session& session, const BaseTool& bases) {
  if (!refuse_options(session, "show", {Option::out, Option::policy, Option::root, Option::leave_out}) ||
      !refuse_operands(session, "show", 0, 1))
    return;
  std::vector<backends::BaseQuestion> questions;
  for (const Option option : kQuestions) {
    if (!session.arguments.has(option)) continue;
    for (const std::string& value : session.arguments.values.at(option))
      questions.push_back({std::string(name_of(option)), value});
  }
  const auto& operands = session.arguments.operands;
  (void)tell(session, bases.show(operands.size() > 1 ? absolute(session, operands[1]) : "", questions));
}

void diff(Session& session, const BaseTool& bases) {
  if (!refuse_options(session, "diff",
                      {Option::out, Option::policy, Option::root, Option::leave_out, Option::path, Option::type,
                       Option::attribute, Option::port, Option::boolean, Option::class_name}) ||
      !refuse_operands(session, "diff", 2, 2))
    return;
  const auto& operands = session.arguments.operands;
  const BaseAnswer answer = bases.differences(absolute(session, operands[1]), absolute(session, operands[2]));
  if (tell(session, answer) && answer.tables.empty() && !session.raw_out) session.out = "the bases say the same\n";
}

}  // namespace

void run_base(Session& session) {
  using Part = void (*)(Session&, const BaseTool&);
  static const std::vector<std::pair<std::string, Part>> parts = {{"import", import}, {"show", show}, {"diff", diff}};
  const BaseTool* bases = tool();
  const std::string word = session.arguments.operands.empty() ? "" : session.arguments.operands.front();
  for (const auto& [name, run] : parts) {
    if (name == word && bases != nullptr) return run(session, *bases);
  }
  Diagnostic& d = usage(session, word.empty() ? "`macc base` needs to know what to do"
                                              : fmt::format("`macc base` cannot `{}`", printable(word)));
  const std::string guess = did_you_mean(word, {"import", "show", "diff"});
  d.note(guess.empty() ? "it is `macc base import`, `macc base show` or `macc base diff`"
                       : fmt::format("did you mean `macc base {}`?", guess));
}

}  // namespace macc::driver
