// The command line as data. arguments.cpp is the only file that knows the library that parses it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace macc::driver {

enum class Command : std::uint8_t {
#define MACC_COMMAND(enumerator, word, operands, group, doc) enumerator,
#include "compiler/driver/commands.def"
#undef MACC_COMMAND
};

enum class Group : std::uint8_t { work, start };

struct CommandInfo {
  Command command;
  std::string_view word, operands;
  Group group;
  std::string_view doc;
};
[[nodiscard]] const std::vector<CommandInfo>& command_table();
[[nodiscard]] const CommandInfo& info(Command command);

enum class Option : std::uint8_t {
#define MACC_OPTION(enumerator, letter, name, value, commands, doc) enumerator,
#include "compiler/driver/options.def"
#undef MACC_OPTION
};

struct OptionInfo {
  Option option;
  std::string_view letter, name, value;
  unsigned commands;  ///< a bit for each command
  std::string_view doc;

  [[nodiscard]] bool on(Command command) const { return (commands >> static_cast<unsigned>(command) & 1U) != 0; }
};
[[nodiscard]] const std::vector<OptionInfo>& option_table();

struct Arguments {
  std::optional<Command> command;  ///< none: `macc`, `macc --help`, `macc --version`
  bool version = false;
  bool help = false;
  std::vector<std::string> operands;
  std::map<Option, std::vector<std::string>> values;  ///< a flag has an empty list

  [[nodiscard]] bool has(Option option) const { return values.contains(option); }
  /// The last value given, or `otherwise`.
  [[nodiscard]] std::string value(Option option, std::string otherwise = {}) const;
};

/// Parses what follows the program's name. What is wrong is reported with what may have been meant.
[[nodiscard]] Arguments parse_arguments(const std::vector<std::string>& arguments, Diagnostics& diagnostics);

/// The help of macc, or of one command, in lines that fit a terminal of so many columns; 0: as long as they are.
[[nodiscard]] std::string help_text(std::optional<Command> command, std::size_t columns = 0);

// The parts of it, from which other documents are made as well.
/// What may stand behind a command, in sentences; "" where its usage line says it.
[[nodiscard]] std::string operands_of(Command command);
/// Commands with what they do, a line each.
[[nodiscard]] std::string_view examples_of(Command command);
struct ExitCode {
  int code;
  std::string_view meaning;
};
[[nodiscard]] const std::vector<ExitCode>& exit_codes();

/// The formats of `--format` for a command, the default first.
[[nodiscard]] std::vector<std::string> formats_of(std::optional<Command> command);
/// What an option does, with the words that it takes on a command.
[[nodiscard]] std::string doc_of(const OptionInfo& option, std::optional<Command> command);
/// The words that an option of a command takes; empty where it takes any text.
[[nodiscard]] std::vector<std::string> choices_of(Option option, Command command);

}  // namespace macc::driver
