#include <fmt/format.h>

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
  d.note(guess.empty() ? "`macc explain` lists all codes and names" : fmt::format("did you mean `{}`?", guess));
}

}  // namespace

void run_explain(Session& session) {
  const auto asks = [&](Option option) { return session.arguments.has(option); };
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
                     : std::string(page);
  }
}

}  // namespace macc::driver
