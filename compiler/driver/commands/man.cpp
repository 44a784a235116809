#include <fmt/format.h>

#include "compiler/driver/session.h"

namespace macc::driver {

namespace {

/// Text in the language of manual pages: nothing of it is a request or an escape.
std::string roff(std::string_view text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

/// Words between backticks are bold.
std::string marked(std::string_view text) {
  std::string out;
  bool code = false;
  while (!text.empty()) {
    const std::size_t end = text.find('`');
    out += roff(text.substr(0, end));
    if (end == std::string_view::npos) break;
    code = !code;
    out += code ? "\\fB" : "\\fR";
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string section(std::string_view title) { return fmt::format(".SH {}\n", title); }
std::string as_is(std::string_view text) { return fmt::format(".nf\n{}.fi\n", roff(text)); }

std::string options(std::optional<Command> command) {
  std::string out = section("OPTIONS");
  for (const OptionInfo& row : option_table()) {
    if (command && !row.on(*command)) continue;
    out += ".TP\n";
    if (!row.letter.empty()) out += fmt::format("\\fB\\-{}\\fR, ", row.letter);
    out += fmt::format("\\fB\\-\\-{}\\fR", roff(row.name));
    if (!row.value.empty()) out += fmt::format(" \\fI{}\\fR", row.value);
    out += "\n" + marked(doc_of(row, command)) + "\n";
  }
  return out;
}

std::string exit_status() {
  std::string out = section("EXIT STATUS");
  for (const ExitCode& row : exit_codes()) out += fmt::format(".TP\n{}\n{}\n", row.code, roff(row.meaning));
  return out;
}

std::string head(std::string_view name, std::string_view doc) {
  return fmt::format(".TH {} 1 \"\" \"macc {}\" \"macc\"\n", roff(name), MACC_VERSION) + section("NAME") +
         fmt::format("{} \\- {}\n", roff(name), marked(doc));
}

std::string page_of_macc() {
  std::string out = head("macc", "compile one policy of what programs need into what each platform enforces");
  out +=
      section("SYNOPSIS") + "\\fBmacc\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIOPERANDS\\fR]\n" + section("COMMANDS");
  for (const CommandInfo& row : command_table())
    out += fmt::format(".TP\n\\fBmacc {}\\fR {}\n{} (\\fBmacc\\-{}\\fR(1))\n", row.word, roff(row.operands),
                       marked(row.doc), row.word);
  out += options(std::nullopt) + exit_status() + section("EXAMPLES");
  return out + as_is(examples_of(Command::init)) + as_is(examples_of(Command::build));
}

std::string page_of(const CommandInfo& row) {
  std::string out = head(fmt::format("macc-{}", row.word), row.doc);
  out += section("SYNOPSIS") + fmt::format("\\fBmacc {}\\fR [\\fIOPTIONS\\fR] {}\n", row.word, roff(row.operands));
  if (const std::string operands = operands_of(row.command); !operands.empty())
    out += section("OPERANDS") + as_is(operands);
  out += options(row.command) + section("EXAMPLES") + as_is(examples_of(row.command)) + exit_status();
  return out + section("SEE ALSO") + "\\fBmacc\\fR(1)\n";
}

}  // namespace

void run_man(Session& session) {
  const auto& operands = session.arguments.operands;
  if (operands.size() > 1) {
    session.diagnostics.report(Code::E0005, {}, "`macc man` prints one page: that of macc, or of one command");
    return;
  }
  session.raw_out = true;
  if (operands.empty() || operands.front() == "macc") {
    session.out = page_of_macc();
    return;
  }
  std::vector<std::string> words;
  for (const CommandInfo& row : command_table()) {
    words.emplace_back(row.word);
    if (row.word == operands.front()) session.out = page_of(row);
  }
  if (!session.out.empty()) return;
  Diagnostic& d =
      session.diagnostics.report(Code::E0005, {}, fmt::format("there is no command `{}`", printable(operands.front())));
  const std::string guess = did_you_mean(operands.front(), words);
  d.note(guess.empty() ? "`macc --help` lists the commands" : fmt::format("did you mean `macc man {}`?", guess));
}

}  // namespace macc::driver
