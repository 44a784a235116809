#include "compiler/driver/git.h"

#include "compiler/base/diagnostic.h"

namespace macc::driver {

namespace {

constexpr std::chrono::seconds kLimit{60};

}  // namespace

ProcessResult Git::run(std::vector<std::string> arguments, std::string_view input) const {
  arguments.insert(arguments.begin(), {program_, "--no-replace-objects", "-C", folder_.string()});
  return run_process(arguments, kLimit, {"HOME", "XDG_CONFIG_HOME"}, input);
}

bool succeeded(const ProcessResult& result) { return result.end == ProcessResult::End::exited && result.status == 0; }

std::string complaint(const ProcessResult& result) {
  if (result.end == ProcessResult::End::timed_out) return "git took too long";
  const std::string& text = result.err.empty() ? result.out : result.err;
  return text.empty() ? "git failed" : printable(text.substr(0, text.find('\n')), 300);
}

std::string one_text(const ProcessResult& result) {
  return result.out.ends_with('\n') ? result.out.substr(0, result.out.size() - 1) : result.out;
}

}  // namespace macc::driver
