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

/// The help of macc, or of one command.
[[nodiscard]] std::string help_text(std::optional<Command> command);

}  // namespace macc::driver
