#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "compiler/driver/explain_target.h"
#include "compiler/driver/pages.h"
#include "compiler/driver/question.h"
#include "compiler/driver/session.h"

namespace macc::driver {

namespace {

std::string list_all() {
  std::string out;
  for (const DiagnosticInfo& row : diagnostic_catalogue()) {
    out += fmt::format("{}  {:<24} {}\n", row.id, row.name, row.title);
  }
  return out + "\n`macc explain CODE` or `macc explain NAME` prints the page of one\n";
}

/// A number is looked up, not guessed at: those beside it are about something else.
std::string guess_page(const std::string& wanted) {
  const std::size_t first_digit = wanted.find_first_of("0123456789");
  if (first_digit != std::string::npos) {
    const std::string number = wanted.substr(first_digit);
    const DiagnosticInfo* row =
        number.size() <= 4 ? find_diagnostic("E" + std::string(4 - number.size(), '0') + number) : nullptr;
    return row == nullptr ? "" : std::string(row->id);
  }
  std::vector<std::string> names;
  for (const DiagnosticInfo& row : diagnostic_catalogue()) names.emplace_back(row.name);
  return did_you_mean(wanted, names);
}

void unknown(Session& session, const std::string& wanted) {
  Diagnostic& d =
      session.diagnostics.report(Code::E0008, {}, fmt::format("there is no diagnostic `{}`", printable(wanted)));
  const std::string guess = guess_page(wanted);
  if (!guess.empty()) {
    d.note(fmt::format("did you mean `{}`?", guess));
    return;
  }
  d.note("`macc explain` lists all codes and names")
      .note("to ask about a domain, say what it would do: `macc explain ledgerd read /etc/shadow`");
}

/// A page as it is read: what the tests do with its examples is no part of it.
std::string shown(std::string_view page) {
  constexpr std::string_view kFence = "```";
  std::string out;
  while (!page.empty()) {
    std::string_view line = page.substr(0, page.find('\n'));
    page.remove_prefix(std::min(line.size() + 1, page.size()));
    if (line.starts_with(kFence)) line = line.substr(0, line.find(' '));
    out += fmt::format("{}\n", line);
  }
  return out;
}

/// What lies in files is asked about with policies behind it, if with anything. False after a report.
bool only_files(Session& session, Option option) {
  for (const std::string& operand : session.arguments.operands) {
    std::error_code error;
    if (operand == "-" || std::filesystem::exists(session.environment.current / operand, error)) continue;
    session.diagnostics
        .report(Code::E0005, {},
                fmt::format("`{}` is no file, and `--{}` asks about files only", printable(operand),
                            option_table().at(static_cast<std::size_t>(option)).name))
        .note("codes, and what a domain may do, are asked about without it");
    return false;
  }
  return true;
}

}  // namespace

void run_explain(Session& session) {
  const auto asks = [&](Option option) { return session.arguments.has(option); };
  for (const Option option : {Option::artifact, Option::rule, Option::grants}) {
    if (asks(option) && !only_files(session, option)) return;
  }
  if (asks(Option::artifact)) return explain_artifact(session);
  if (asks(Option::rule) || asks(Option::access) || asks(Option::grants)) return explain_target(session);
  const std::vector<std::string> operands = session.arguments.operands;  // a decision takes its words out
  // A code is a word; a decision is a domain and a phrase.
  const bool is_page =
      operands.size() < 2 || find_diagnostic(operands.front()) != nullptr || !guess_page(operands.front()).empty();
  if (!is_page) return answer_decision(session, operands);
  if (session.arguments.has(Option::target) || session.arguments.has(Option::format)) {
    session.diagnostics.report(
        Code::E0005, {},
        "`--target` and `--format` go with a decision, `--rule FILE:LINE`, `--grants NAME` or `--access`");
    return;
  }
  if (session.arguments.operands.empty()) session.out = list_all();
  for (const std::string& wanted : session.arguments.operands) {
    const DiagnosticInfo* row = find_diagnostic(wanted);
    if (row == nullptr) {
      unknown(session, wanted);
      continue;
    }
    if (!session.out.empty()) session.out += "\n";
    const std::string_view page = page_of(row->code);
    // A page starts with its own heading; without a page the table still has a line to say.
    session.out +=
        page.empty() ? fmt::format("# {}: {}\n\n{}: {}\n", row->id, row->name, report::word(row->severity), row->title)
                     : shown(page);
  }
}

}  // namespace macc::driver
