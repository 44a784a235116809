#include "compiler/driver/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

namespace macc::driver {

namespace {

#define MACC_COMMAND(enumerator, word, operands, group, doc) \
  constexpr unsigned on_##enumerator = 1U << static_cast<unsigned>(Command::enumerator);
#include "compiler/driver/commands.def"
#undef MACC_COMMAND

constexpr unsigned on_all = ~0U;

/// The long name of what looks like an option: "--fromat=json" -> "fromat".
std::string option_word(const std::string& argument) {
  const std::size_t begin = argument.find_first_not_of('-');
  return begin == std::string::npos ? "" : argument.substr(begin, argument.find('=') - begin);
}

bool looks_like_option(const std::string& argument) { return argument.size() > 1 && argument.front() == '-'; }

void unknown_command(const std::string& word, Diagnostics& diagnostics) {
  Diagnostic& d = diagnostics.report(Code::E0005, {}, fmt::format("there is no command `{}`", printable(word)));
  std::vector<std::string> words;
  for (const CommandInfo& row : command_table()) words.emplace_back(row.word);
  const std::string guess = did_you_mean(word, words);
  if (word == "version") {
    d.note("`macc --version` says which one this is");
  } else if (!guess.empty()) {
    d.note(fmt::format("did you mean `macc {}`?", guess));
  } else if (word.ends_with(".macc")) {
    d.note(fmt::format("to check a file: `macc check {}`", printable(word)));
  } else {
    d.note("`macc --help` lists the commands");
  }
}

/// Which of all commands have an option, for a message about one that doesn't.
std::string commands_with(const OptionInfo& row) {
  std::string list;
  for (const CommandInfo& command : command_table()) {
    if (row.on(command.command)) list += fmt::format("{}`macc {}`", list.empty() ? "" : ", ", command.word);
  }
  return list;
}

void unknown_option(const std::string& argument, std::optional<Command> command, Diagnostics& diagnostics) {
  const std::string name = command ? fmt::format("`macc {}`", info(*command).word) : "`macc`";
  Diagnostic& d = diagnostics.report(
      Code::E0005, {}, fmt::format("{} has no option `{}`", name, printable(argument.substr(0, argument.find('=')))));
  const std::string word = option_word(argument);
  std::vector<std::string> words;
  for (const OptionInfo& row : option_table()) {
    if (row.name == word && (!command || !row.on(*command))) {
      d.note("it is an option of " + commands_with(row));
      return;
    }
    if (!command || row.on(*command)) words.emplace_back(row.name);
  }
  if (!command) words.emplace_back("version");
  const std::string guess = did_you_mean(word, words);
  d.note(!guess.empty() ? fmt::format("did you mean `--{}`?", guess)
                        : fmt::format("`macc {}{}--help` lists the options", command ? info(*command).word : "",
                                      command ? " " : ""));
}

/// The parser, built from the tables.
class Parser {
 public:
  Parser() {
    app_.set_help_flag();
    app_.allow_extras();
    app_.add_flag("--version,-V", result_.version);
    app_.add_flag("--help,-h", result_.help);
    for (const CommandInfo& row : command_table()) add_command(row);
  }

  Arguments parse(std::vector<std::string> arguments, Diagnostics& diagnostics) {
    // Behind `--` stands no option, whatever it looks like.
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    if (end != arguments.end()) {
      operands_.assign(end + 1, arguments.end());
      arguments.erase(end, arguments.end());
    }
    // Behind these stand words, and not files: one that is the name of a command is no second command.
    const auto word = std::find_if_not(arguments.begin(), arguments.end(), looks_like_option);
    if (word != arguments.end() && (*word == "query" || *word == "explain" || *word == "base" || *word == "man"))
      app_.require_subcommand(0, 1);
    // The library wants them from last to first.
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::ArgumentMismatch& error) {
      // "--format: 1 required TEXT missing"
      const std::string message = error.what();
      diagnostics.report(Code::E0005, {},
                         fmt::format("`{}` needs a value behind it", printable(message.substr(0, message.find(':')))));
      return {};
    } catch (const CLI::ParseError& error) {
      std::string message = error.what();
      if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z') message[0] = static_cast<char>(message[0] + 32);
      diagnostics.report(Code::E0005, {}, printable(message));
      return {};
    }
    return collect(diagnostics);
  }

 private:
  /// What the library fills in for one command.
  struct Slot {
    const CommandInfo* row = nullptr;
    CLI::App* app = nullptr;
    std::vector<std::string> operands;
    std::map<Option, std::vector<std::string>> values;
    std::map<Option, std::pair<bool, CLI::Option*>> given;
  };

  void add_command(const CommandInfo& row) {
    auto& slot = *slots_.emplace_back(std::make_unique<Slot>());
    slot.row = &row;
    slot.app = app_.add_subcommand(std::string(row.word));
    slot.app->set_help_flag();
    slot.app->allow_extras();
    slot.app->add_option("operands", slot.operands);
    for (const OptionInfo& option : option_table()) {
      if (option.on(row.command)) add_option(slot, option);
    }
  }

  static void add_option(Slot& slot, const OptionInfo& option) {
    std::string names = fmt::format("--{}", option.name);
    if (!option.letter.empty()) names += fmt::format(",-{}", option.letter);
    auto& given = slot.given[option.option];
    given.second = option.value.empty()
                       ? slot.app->add_flag(names, given.first)
                       : slot.app->add_option(names, slot.values[option.option])->allow_extra_args(false);
  }

  Arguments collect(Diagnostics& diagnostics) {
    for (const auto& slot : slots_) {
      if (slot->app->parsed()) take(*slot, diagnostics);
    }
    for (const std::string& extra : app_.remaining()) {
      if (looks_like_option(extra)) {
        unknown_option(extra, std::nullopt, diagnostics);
      } else if (extra == "help") {
        result_.help = true;
        continue;
      } else if (!result_.command) {
        unknown_command(extra, diagnostics);
      }
      break;  // what follows it is likely wrong because of it
    }
    return std::move(result_);
  }

  void take(Slot& slot, Diagnostics& diagnostics) {
    if (result_.command) {
      diagnostics
          .report(Code::E0005, {},
                  fmt::format("`{}` and `{}` are two commands", info(*result_.command).word, slot.row->word))
          .note(fmt::format("a file of that name is written `./{}`", slot.row->word));
      return;
    }
    result_.command = slot.row->command;
    result_.operands = slot.operands;
    result_.operands.insert(result_.operands.end(), operands_.begin(), operands_.end());
    for (const auto& [option, given] : slot.given) {
      if (given.second->count() != 0) result_.values[option] = slot.values[option];
    }
    result_.help = result_.help || result_.has(Option::help);
    const std::vector<std::string> extras = slot.app->remaining();
    if (!extras.empty()) unknown_option(extras.front(), slot.row->command, diagnostics);
  }

  CLI::App app_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::string> operands_;  // those behind `--`
  Arguments result_;
};

}  // namespace

const std::vector<CommandInfo>& command_table() {
  static const std::vector<CommandInfo> rows = {
#define MACC_COMMAND(enumerator, word, operands, group, doc) {Command::enumerator, word, operands, Group::group, doc},
#include "compiler/driver/commands.def"
#undef MACC_COMMAND
  };
  return rows;
}

const CommandInfo& info(Command command) { return command_table().at(static_cast<std::size_t>(command)); }

const std::vector<OptionInfo>& option_table() {
  static const std::vector<OptionInfo> rows = {
#define MACC_OPTION(enumerator, letter, name, value, commands, doc) \
  {Option::enumerator, letter, name, value, commands, doc},
#include "compiler/driver/options.def"
#undef MACC_OPTION
  };
  return rows;
}

std::string Arguments::value(Option option, std::string otherwise) const {
  const auto it = values.find(option);
  if (it != values.end() && !it->second.empty()) return it->second.back();
  return otherwise;
}

Arguments parse_arguments(const std::vector<std::string>& arguments, Diagnostics& diagnostics) {
  return Parser().parse(arguments, diagnostics);
}

}  // namespace macc::driver
