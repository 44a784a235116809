#include <fmt/format.h>

#include <algorithm>

#include "backends/backend.h"
#include "compiler/driver/arguments.h"

namespace macc::driver {

namespace {

std::string rows(const std::vector<std::pair<std::string, std::string>>& list) {
  std::size_t width = 0;
  for (const auto& [left, right] : list) width = std::max(width, left.size());
  std::string out;
  for (const auto& [left, right] : list) out += fmt::format("  {:<{}}  {}\n", left, width, right);
  return out;
}

/// Where the second column of a row starts: behind the last run of blanks near its begin. 0 for other lines.
std::size_t second_column(std::string_view line) {
  if (!line.starts_with("  ")) return 0;
  const std::size_t gap = line.find("  ", line.find_first_not_of(' '));
  const std::size_t column = gap == std::string_view::npos ? gap : line.find_first_not_of(' ', gap);
  return column == std::string_view::npos ? 0 : column;
}

/// Breaks lines between words; what goes on is set under the second column, or halfway where that is too far right.
std::string fitted(const std::string& text, std::size_t columns) {
  constexpr std::size_t kLeast = 40;
  if (columns < kLeast) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    const std::string indent(std::min(second_column(line), columns / 2), ' ');
    while (line.size() > columns) {
      const std::size_t space = line.rfind(' ', columns);
      if (space == std::string::npos || space <= indent.size()) break;
      out += line.substr(0, space) + "\n";
      line = indent + line.substr(space + 1);
    }
    out += line + "\n";
    at = end + 1;
  }
  return out;
}

std::string usage_of(const CommandInfo& row) { return fmt::format("{} {}", row.word, row.operands); }

std::string option_words(const OptionInfo& row) {
  const std::string letter = row.letter.empty() ? "    " : fmt::format("-{}, ", row.letter);
  return fmt::format("{}--{}{}{}", letter, row.name, row.value.empty() ? "" : " ", row.value);
}

std::string group_rows(Group group) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const CommandInfo& row : command_table()) {
    if (row.group == group) list.emplace_back(usage_of(row), row.doc);
  }
  return rows(list);
}

std::string option_rows(const Command* command) {
  std::vector<std::pair<std::string, std::string>> list;
  for (const OptionInfo& row : option_table()) {
    if (command == nullptr || row.on(*command))
      list.emplace_back(option_words(row), doc_of(row, command == nullptr ? std::nullopt : std::optional(*command)));
  }
  if (command == nullptr) list.emplace_back("-V, --version", "the versions of macc and of its backends");
  return rows(list);
}

std::string exit_code_rows() {
  std::string out = "Exit codes\n";
  for (const ExitCode& row : exit_codes()) out += fmt::format("  {}  {}\n", row.code, row.meaning);
  return out;
}

std::string overview() {
  std::string out =
      "macc compiles one policy of what programs need into what each platform enforces.\n\n"
      "Usage: macc COMMAND [OPTIONS] [OPERANDS]\n\n";
  out += "Work on a policy\n" + group_rows(Group::work) + "\n";
  out += "Start and learn\n" + group_rows(Group::start) + "\n";
  out += "Options (`macc COMMAND --help` says which a command has)\n" + option_rows(nullptr) + "\n";
  out += "Backends\n";
  std::vector<std::pair<std::string, std::string>> list;
  for (const backends::Backend* b : backends::all()) list.emplace_back(b->name(), b->description());
  out += rows(list) + "\n";
  out += "Examples\n" + std::string(examples_of(Command::init)) + std::string(examples_of(Command::build)) + "\n";
  return out + exit_code_rows();
}

}  // namespace

std::string doc_of(const OptionInfo& option, std::optional<Command> command) {
  std::string doc(option.doc);
  if (!doc.ends_with(':')) return doc;
  if (!command) return doc.substr(0, doc.size() - 1);
  const std::vector<std::string> choices = choices_of(option.option, *command);
  for (const std::string& word : choices)
    doc += fmt::format("{}`{}`", &word == &choices.front() ? " " : &word == &choices.back() ? " or " : ", ", word);
  return doc;
}

const std::vector<ExitCode>& exit_codes() {
  static const std::vector<ExitCode> rows = {
      {0, "all is well"},
      {1, "a check failed: a promise, a test, a limit of the project, the platform's compiler"},
      {2, "an input is wrong: the policy, macc.toml or the command line"},
      {3, "the machine stands in the way: a folder that cannot be written, an error in macc itself"}};
  return rows;
}

std::string_view examples_of(Command command) {
  switch (command) {
    case Command::build:
      return "  macc build                         the project of this folder, every target\n"
             "  macc build web.macc --out build    one policy without a project, for every backend\n"
             "  macc build --emit ir --out -       what the policy means, as JSON\n";
    case Command::check:
      return "  macc check                         the project of this folder\n"
             "  macc check web.macc --format json  one file, for a program\n"
             "  generate | macc check -            standard input\n";
    case Command::lint:
      return "  macc lint                          the project of this folder\n"
             "  macc lint policy/web.macc          one file of it, as a commit hook does\n"
             "  macc lint --since origin/main      what a branch brings\n"
             "  macc lint --fix                    mend what is safe to mend\n"
             "  macc lint --apply secret-readable --diff\n";
    case Command::score:
      return "  macc score                         the domains of this folder's project, the most exposed first\n"
             "  macc score --max 5                 fail when one is more exposed than that\n"
             "  macc score web.macc --format json  one file, for a program\n";
    case Command::test:
      return "  macc test                          every test of this folder's project, on the meaning\n"
             "  macc test --target web             on what is compiled for a target as well\n"
             "  macc test --filter shadow          tests with that word in their name\n"
             "  macc test --coverage               and which rules no test touches\n"
             "  macc test --format junit > test.xml\n";
    case Command::query:
      return "  macc query may ledgerd read /etc/shadow\n"
             "  macc query who write '/etc/**'     which domains could, and by which rule\n"
             "  macc query all ledgerd             all that a domain may do\n"
             "  macc query modify-and-run          what a domain may change and then run\n"
             "  macc query flow webd ledgerd       how one could inform or steer the other\n"
             "  macc query graph --format svg > policy.svg\n";
    case Command::diff:
      return "  macc diff                          the last commit, and the files as they are\n"
             "  macc diff git:main --fail-on widen fail when a branch allows more\n"
             "  macc diff old.macc new.macc        two files, or two folders\n"
             "  macc diff git:v1 git:v2 --format markdown\n";
    case Command::doc:
      return "  macc doc                           of this folder's project, into `doc` in its output folder\n"
             "  macc doc --out report              into the folder report\n"
             "  macc doc --out - > report.html     one file, to standard output\n";
    case Command::base:
      return "  macc base import --out my.base     of this system's policy\n"
             "  macc base show my.base --path /etc/shadow\n"
             "  macc base show --type shadow_t --format json\n"
             "  macc base diff old.base new.base   what an update of the policy changes\n";
    case Command::verify:
      return "  macc verify                        what the last build of this folder's project wrote\n"
             "  macc verify --target web --out o   one target, from another folder\n";
    case Command::fmt:
      return "  macc fmt                           the policies of this folder's project, in place\n"
             "  macc fmt --check policy            which files below policy would change\n"
             "  macc fmt --diff web.macc           what would change\n"
             "  macc fmt - < web.macc              standard input to standard output\n";
    case Command::completions:
      return "  macc completions bash > ~/.local/share/bash-completion/completions/macc\n"
             "  macc completions zsh > ~/.zfunc/_macc\n"
             "  macc completions fish > ~/.config/fish/completions/macc.fish\n";
    case Command::man:
      return "  macc man | man -l -                 the page of macc\n"
             "  macc man query | man -l -           that of a command\n";
    case Command::lsp:
      return "  macc lsp                           started by an editor: docs/editors.md has the settings of some\n";
    case Command::init:
      return "  macc init ledger                   a project in the new folder ledger\n";
    case Command::explain:
      return "  macc explain E0101                 by number\n"
             "  macc explain broken-promise        by name\n"
             "  macc explain                       all codes\n"
             "  macc explain ledgerd read /etc/shadow      why it may, or may not\n"
             "  macc explain --artifact macc-out/web/ledgerd:40\n"
             "  macc explain --target web --rule policy/web.macc:12\n"
             "  macc explain --target web --access acme.web.server etc_t file read\n";
  }
  return "";
}

std::string operands_of(Command command) {
  if (command == Command::base) {
    return "import [FROM]  makes a base: FROM is a folder of modules, a module store or a binary policy; else this "
           "system's\n"
           "show [BASE]    says what a base is, or answers questions; BASE is a file, `installed` or `skeleton`\n"
           "diff A B       what two bases have otherwise\n\n";
  }
  if (command == Command::query) {
    return "may DOMAIN PHRASE        may the domain do it? PHRASE is as in `allow`: `read /etc/shadow`, `connect tcp "
           "25`\n"
           "who PHRASE               which domains may, or could with other booleans\n"
           "all DOMAIN               all that it may do\n"
           "modify-and-run [DOMAIN]  paths that a domain may both change and run\n"
           "flow FROM TO             how one domain could inform or steer another, step by step\n"
           "graph                    all such steps between domains\n"
           "Names are written as far as is needed to tell them apart: `ledgerd`, `acme.ledger.ledgerd`.\n\n";
  }
  if (command == Command::diff) {
    return "A and B are policies, folders, or `git:REV`: the project as it was in a revision. Without B, A is compared "
           "with\n"
           "the files of now; without both, the last commit is.\n\n";
  }
  const bool takes_files = command == Command::build || command == Command::check || command == Command::verify ||
                           command == Command::fmt || command == Command::lint || command == Command::test ||
                           command == Command::doc || command == Command::score;
  if (!takes_files) return "";
  return "FILES are policies, folders of them, or `-` for standard input. Without any, the project of the nearest\n"
         "macc.toml is taken.\n\n";
}

std::string help_text(std::optional<Command> command, std::size_t columns) {
  if (!command) return fitted(overview(), columns);
  const CommandInfo& row = info(*command);
  const std::string text = fmt::format("macc {}: {}\n\nUsage: macc {} [OPTIONS] {}\n\n{}Options\n{}\nExamples\n{}\n{}",
                                       row.word, row.doc, row.word, row.operands, operands_of(*command),
                                       option_rows(&*command), examples_of(*command), exit_code_rows());
  return fitted(text, columns);
}

}  // namespace macc::driver
