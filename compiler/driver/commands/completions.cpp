#include <fmt/format.h>

#include <algorithm>

#include "compiler/driver/session.h"

namespace macc::driver {

namespace {

std::string joined(const std::vector<std::string>& words, const char* glue) {
  return fmt::format("{}", fmt::join(words, glue));
}

/// The words that come first behind a command, where they are a choice ("may|who|all [ARGUMENTS]").
std::vector<std::string> first_words(const CommandInfo& row) {
  const std::string_view choice = row.operands.substr(0, row.operands.find(' '));
  if (choice.find('|') == std::string_view::npos) return {};
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= choice.size();) {
    const std::size_t end = std::min(choice.find('|', at), choice.size());
    out.emplace_back(choice.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

std::vector<std::string> flags_of(const CommandInfo& row) {
  std::vector<std::string> out;
  for (const OptionInfo& option : option_table()) {
    if (!option.on(row.command)) continue;
    out.push_back(fmt::format("--{}", option.name));
    if (!option.letter.empty()) out.push_back(fmt::format("-{}", option.letter));
  }
  return out;
}

std::vector<std::string> command_words() {
  std::vector<std::string> out;
  for (const CommandInfo& row : command_table()) out.emplace_back(row.word);
  return out;
}

/// Codes and names that `macc explain` knows.
std::vector<std::string> pages() {
  std::vector<std::string> out;
  for (const DiagnosticInfo& row : diagnostic_catalogue()) {
    out.emplace_back(row.id);
    out.emplace_back(row.name);
  }
  return out;
}

std::vector<std::string> operands_for(const CommandInfo& row) {
  if (row.command == Command::explain) return pages();
  if (row.command == Command::man) return command_words();
  return first_words(row);
}

/// A pattern of `case` for an option: "--format|-f".
std::string names_of(const OptionInfo& row) {
  return row.letter.empty() ? fmt::format("--{}", row.name) : fmt::format("--{}|-{}", row.name, row.letter);
}

/// What finds the targets of the nearest macc.toml, one a line, in any of the shells but fish.
constexpr const char* kTargets =
    "_macc_targets() {\n"
    "  local folder=$PWD\n"
    "  while [[ -n $folder && ! -e $folder/macc.toml ]]; do folder=${folder%/*}; done\n"
    "  sed -n 's/^ *\\[ *target *\\. *\\([A-Za-z0-9_-]*\\) *\\].*/\\1/p' \"$folder/macc.toml\" 2>/dev/null\n"
    "}\n";
constexpr const char* kFishTargets =
    "function __macc_targets\n"
    "  set -l folder $PWD\n"
    "  while test -n \"$folder\" -a ! -e \"$folder/macc.toml\"; set folder (string replace -r '/[^/]*$' '' -- "
    "$folder); end\n"
    "  sed -n 's/^ *\\[ *target *\\. *\\([A-Za-z0-9_-]*\\) *\\].*/\\1/p' \"$folder/macc.toml\" 2>/dev/null\n"
    "end\n";

std::string bash_script() {
  std::string out =
      "# Completion of macc for bash, made from its tables of commands and options.\n"
      "# Files that begin with $1 (without those that $2 is a pattern of), and folders. bash puts quotes around what "
      "needs\n"
      "# them, and gives words as they were typed, with theirs.\n"
      "_macc_files() {\n"
      "  local begin=$1\n"
      "  case $begin in [\\\"\\']*) begin=${begin:1} ;; *) begin=${begin//\\\\/} ;; esac\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -f -X \"$2\" -- \"$begin\"; [[ -z $2 ]] || compgen -d -- \"$begin\")\n"
      "}\n" +
      std::string(kTargets) +
      "_macc() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= word\n"
      "  # Of `--format=json` bash makes three words.\n"
      "  if [[ $current == = ]]; then current=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] || { command=$word; break; }\n"
      "  done\n"
      "  compopt +o nospace 2>/dev/null\n"
      "  case $command in\n";
  for (const CommandInfo& row : command_table()) {
    out += fmt::format("    {})\n      case $before in\n", row.word);
    for (const OptionInfo& option : option_table()) {
      if (!option.on(row.command) || option.value.empty()) continue;
      const auto choices = choices_of(option.option, row.command);
      if (option.option == Option::target) {
        out += fmt::format("        {}) COMPREPLY=($(compgen -W \"$(_macc_targets)\" -- \"$current\")); return ;;\n",
                           names_of(option));
        continue;
      }
      out += choices.empty() ? fmt::format("        {}) _macc_files \"$current\"; return ;;\n", names_of(option))
                             : fmt::format("        {}) COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return ;;\n",
                                           names_of(option), joined(choices, " "));
    }
    out += fmt::format(
        "      esac\n      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return; "
        "fi\n",
        joined(flags_of(row), " "));
    if (const auto words = operands_for(row); !words.empty())
      out += fmt::format(
          "      [[ $before == \"$command\" ]] && {{ COMPREPLY=($(compgen -W \"{}\" -- \"$current\")); return; }}\n",
          joined(words, " "));
    out += "      ;;\n";
  }
  out += fmt::format("    '') COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$current\")); return ;;\n  esac\n",
                     joined(command_words(), " "));
  return out + "  _macc_files \"$current\" '!*.macc'\n}\ncomplete -F _macc macc\n";
}

/// A text between single quotes of a shell.
std::string shell_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// A description in zsh's own syntax, in which brackets and colons have a meaning.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_script() {
  std::string out = "#compdef macc\n# Completion of macc for zsh, made from its tables of commands and options.\n" +
                    std::string(kTargets) + "_macc() {\n  local -a commands\n  commands=(\n";
  for (const CommandInfo& row : command_table())
    out += fmt::format("    {}\n", shell_text(fmt::format("{}:{}", row.word, zsh_text(row.doc))));
  out +=
      "  )\n  if (( CURRENT == 2 )); then _describe -t commands command commands; return; fi\n  local "
      "command=${words[2]}\n  shift words; (( CURRENT-- ))\n  case $command in\n";
  for (const CommandInfo& row : command_table()) {
    out += fmt::format("    {})\n      _arguments \\\n", row.word);
    for (const OptionInfo& option : option_table()) {
      if (!option.on(row.command)) continue;
      std::string value;
      if (!option.value.empty()) {
        const auto choices = choices_of(option.option, row.command);
        const char* files = option.option == Option::target ? "{compadd -- $(_macc_targets)}" : "_files";
        value = fmt::format(":{}:{}", option.value, choices.empty() ? files : "(" + joined(choices, " ") + ")");
      }
      const std::string doc = fmt::format("[{}]{}", zsh_text(doc_of(option, std::nullopt)), value);
      out += fmt::format("        {} \\\n",
                         shell_text(fmt::format("--{}{}{}", option.name, option.value.empty() ? "" : "=", doc)));
      if (!option.letter.empty())
        out += fmt::format("        {} \\\n", shell_text(fmt::format("-{}{}", option.letter, doc)));
    }
    if (const auto words = operands_for(row); !words.empty())
      out += fmt::format("        {} \\\n", shell_text("1:what:(" + joined(words, " ") + ")"));
    out += "        '*:file:_files'\n      ;;\n";
  }
  return out + "  esac\n}\n_macc \"$@\"\n";
}

/// A text between single quotes of fish.
std::string fish_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string fish_script() {
  std::string out = "# Completion of macc for fish, made from its tables of commands and options.\n";
  out += kFishTargets;
  for (const CommandInfo& row : command_table())
    out += fmt::format("complete -c macc -f -n __fish_use_subcommand -a {} -d {}\n", row.word, fish_text(row.doc));
  for (const CommandInfo& row : command_table()) {
    const std::string when = fmt::format("complete -c macc -n '__fish_seen_subcommand_from {}'", row.word);
    for (const OptionInfo& option : option_table()) {
      if (!option.on(row.command)) continue;
      out += fmt::format("{} -l {}{}", when, option.name,
                         option.letter.empty() ? "" : fmt::format(" -s {}", option.letter));
      const auto choices = choices_of(option.option, row.command);
      if (!choices.empty()) {
        out += " -x -a " + fish_text(joined(choices, " "));
      } else if (option.option == Option::target) {
        out += " -x -a '(__macc_targets)'";
      } else if (!option.value.empty()) {
        out += " -r";
      }
      out += " -d " + fish_text(doc_of(option, std::nullopt)) + "\n";
    }
    if (const auto words = operands_for(row); !words.empty())
      out += fmt::format("{} -f -a {}\n", when, fish_text(joined(words, " ")));
  }
  return out;
}

}  // namespace

void run_completions(Session& session) {
  const auto& operands = session.arguments.operands;
  const std::string shell = operands.size() == 1 ? operands.front() : "";
  session.raw_out = true;
  if (shell == "bash") {
    session.out = bash_script();
  } else if (shell == "zsh") {
    session.out = zsh_script();
  } else if (shell == "fish") {
    session.out = fish_script();
  } else {
    Diagnostic& d = session.diagnostics.report(
        Code::E0005, {},
        operands.empty() ? "`macc completions` needs the name of a shell"
                         : fmt::format("`macc completions` has nothing for `{}`", printable(joined(operands, " "))));
    const std::string guess = did_you_mean(shell, {"bash", "zsh", "fish"});
    d.note(guess.empty() ? "it is one of `bash`, `zsh`, `fish`" : fmt::format("did you mean `{}`?", guess));
  }
}

}  // namespace macc::driver
