#include <fmt/format.h>

#include <algorithm>

#include "backends/backend.h"
#include "compiler/driver/arguments.h"

namespace macc::driver {

namespace {

constexpr std::string_view kExitCodes =
    "Exit codes\n"
    "  0  all is well\n"
    "  1  a check failed: a promise, a test, a limit of the project, the platform's compiler\n"
    "  2  an input is wrong: the policy, macc.toml or the command line\n"
    "  3  the machine stands in the way: a folder that cannot be written, an error in macc itself\n";

std::string rows(const std::vector<std::pair<std::string, std::string>>& list) {
  std::size_t width = 0;
  for (const auto& [left, right] : list) width = std::max(width, left.size());
  std::string out;
  for (const auto& [left, right] : list) out += fmt::format("  {:<{}}  {}\n", left, width, right);
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
    if (command == nullptr || row.on(*command)) list.emplace_back(option_words(row), row.doc);
  }
  if (command == nullptr) list.emplace_back("-V, --version", "the versions of macc and of its backends");
  return rows(list);
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
    case Command::lsp:
      return "  macc lsp                           started by an editor: docs/editors.md has the settings of some\n";
    case Command::init:
      return "  macc init ledger                   a project in the new folder ledger\n";
    case Command::explain:
      return "  macc explain E0101                 by number\n"
             "  macc explain broken-promise        by name\n"
             "  macc explain                       all codes\n"
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
  const bool takes_files = command == Command::build || command == Command::check || command == Command::verify ||
                           command == Command::fmt || command == Command::lint || command == Command::score;
  if (!takes_files) return "";
  return "FILES are policies, folders of them, or `-` for standard input. Without any, the project of the nearest\n"
         "macc.toml is taken.\n\n";
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
  return out + std::string(kExitCodes);
}

}  // namespace

std::string help_text(std::optional<Command> command) {
  if (!command) return overview();
  const CommandInfo& row = info(*command);
  return fmt::format("macc {}: {}\n\nUsage: macc {} [OPTIONS] {}\n\n{}Options\n{}\nExamples\n{}\n{}", row.word, row.doc,
                     row.word, row.operands, operands_of(*command), option_rows(&*command), examples_of(*command),
                     kExitCodes);
}

}  // namespace macc::driver
