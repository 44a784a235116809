// What options can be set to, for checks, completion and manual pages.
#include <algorithm>

#include "compiler/driver/arguments.h"
#include "compiler/report/sink.h"

namespace macc::driver {

std::vector<std::string> formats_of(std::optional<Command> command) {
  // Answers are no findings, and some have formats of their own.
  std::vector<std::string> answers = report::format_words(report::FormatScope::any);
  switch (command.value_or(Command::build)) {
    case Command::base:
    case Command::explain:
      return answers;
    case Command::query:
      answers.insert(answers.end(), {"dot", "svg"});
      return answers;
    case Command::diff:
      answers.emplace_back("markdown");
      return answers;
    case Command::test:
      answers.emplace_back("junit");
      return answers;
    default:
      return report::format_words();
  }
}

std::vector<std::string> choices_of(Option option, Command command) {
  switch (option) {
    case Option::format:
      return formats_of(command);
    case Option::color:
      return {"auto", "always", "never"};
    case Option::emit:
      return {"artifacts", "ir"};
    case Option::fail_on:
      if (command == Command::diff) return {"widen", "any", "never"};
      return {"error", "warning", "note", "never"};
    case Option::only:
    case Option::apply: {
      std::vector<std::string> lints;
      for (const LintInfo& row : lint_catalogue()) lints.emplace_back(info(row.code).name);
      std::sort(lints.begin(), lints.end());
      return lints;
    }
    default:
      return {};
  }
}

}  // namespace macc::driver
