#include "backends/selinux/checkmodule.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>

#include "compiler/base/process.h"
#include "compiler/base/temporary_folder.h"

namespace macc::backends::selinux {
namespace {

constexpr std::chrono::seconds kTimeLimit{60};
constexpr std::string_view kProgram = "checkmodule";

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// N of "... on line N:"; 0 when no line is named.
std::size_t line_in(std::string_view message) {
  constexpr std::string_view kOn = "on line ";
  const std::size_t at = message.find(kOn);
  std::size_t line = 0;
  if (at != std::string_view::npos)
    std::from_chars(message.data() + at + kOn.size(), message.data() + message.size(), line);
  return line;
}

void read_refusal(const ProcessResult& result, const std::string& folder, const ModuleText& text,
                  CompiledModule& compiled) {
  for (const std::string_view line : lines_of(result.err)) {
    std::string said(line);
    for (std::size_t at = said.find(folder); at != std::string::npos; at = said.find(folder))
      said.erase(at, folder.size());
    if (!said.empty()) compiled.messages.push_back(printable(said, 300));
  }
  const std::size_t line = line_in(result.err);
  if (line != 0 && line <= text.lines.size()) compiled.span = text.lines[line - 1];
}

}  // namespace

std::string checkmodule_program() { return find_program(std::string(kProgram)); }

CompiledModule compile_module(const std::string& name, const ModuleText& text) {
  CompiledModule compiled;
  const std::string program = checkmodule_program();
  if (program.empty()) {
    compiled.trouble = "checkmodule is not installed (package checkpolicy)";
    return compiled;
  }
  const TemporaryFolder folder("macc-selinux");
  const auto source = folder.path() / (name + ".te"), module = folder.path() / (name + ".mod");
  if (folder.path().empty() || !write_file(source, text.text)) {
    compiled.trouble = "no temporary folder could be written";
    return compiled;
  }
  std::vector<std::string> command = {program, "-m", "-o", module.string(), source.string()};
  if (text.levels) command.insert(command.begin() + 1, "-M");
  const ProcessResult result = run_process(command, kTimeLimit);
  if (result.end != ProcessResult::End::exited) {
    compiled.trouble = result.end == ProcessResult::End::timed_out ? "checkmodule did not finish in time"
                                                                   : "checkmodule did not run to its end";
    return compiled;
  }
  if (result.status == 0) compiled.bytes = read_file(module);
  if (compiled.bytes.empty()) read_refusal(result, folder.path().string() + "/", text, compiled);
  return compiled;
}

}  // namespace macc::backends::selinux
