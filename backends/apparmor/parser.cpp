#include "backends/apparmor/parser.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>

#include "compiler/base/diagnostic.h"
#include "compiler/base/process.h"

namespace macc::backends::apparmor {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds kTimeLimit{60};

/// N of "... in profile FILE at line N: ..."; 0 when the parser named no line, or one of a file that is included.
std::size_t line_of(std::string_view message, const std::string& file) {
  constexpr std::string_view kIn = "in profile ", kAt = "at line ";
  const std::size_t in = message.find(kIn);
  if (in != std::string_view::npos && !message.substr(in + kIn.size()).starts_with(file + " ")) return 0;
  const std::size_t at = message.find(kAt);
  if (at == std::string_view::npos) return 0;
  std::size_t line = 0;
  for (std::size_t i = at + kAt.size(); i < message.size() && message[i] >= '0' && message[i] <= '9' && line < 10000000;
       ++i) {
    line = line * 10 + static_cast<std::size_t>(message[i] - '0');
  }
  return line;
}

/// What a profile's file includes for the site: apparmor.d/local/NAME for apparmor.d/NAME.
std::string local_file(const std::string& path) {
  const std::size_t name = path.rfind('/') + 1;
  return path.substr(0, name) + "local/" + path.substr(name);
}

std::vector<std::string> sentences(const std::string& err, const std::string& folder) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < err.size();) {
    const std::size_t end = std::min(err.find('\n', at), err.size());
    std::string line = err.substr(at, end - at);
    for (std::size_t found = line.find(folder); found != std::string::npos; found = line.find(folder))
      line.erase(found, folder.size());
    if (!line.empty()) out.push_back(printable(line, 300));
    at = end + 1;
  }
  return out;
}

}  // namespace

std::string parser_program() { return find_program("apparmor_parser"); }

Parser::Parser(const Features& features, fs::path distribution)
    : program_(parser_program()), distribution_(std::move(distribution)) {
  if (folder_.path().empty()) return;
  ready_ = true;
  mediates_unix_ = features.mediates(Class::unix_sockets);
  ready_ = put("features", kernel_features(features)) && put("parser.conf", "") &&
           put("apparmor.d/abi/" + std::string(features.abi), abi_features(features));
}

std::string Parser::version() const {
  const ProcessResult result = run_process({program_, "--version"}, kTimeLimit);
  constexpr std::string_view kBefore = "version ";
  const std::string line = result.out.substr(0, result.out.find('\n'));
  const std::size_t at = line.find(kBefore);
  return at == std::string::npos ? "" : line.substr(at + kBefore.size());
}

bool Parser::put(const std::string& path, const std::string& content) const {
  return ready_ && write_file(folder_.path() / path, content);
}

std::vector<std::string> Parser::arguments(const std::string& path) const {
  const fs::path& folder = folder_.path();
  const std::string base = (folder / "apparmor.d").string();
  std::vector<std::string> out = {
      program_,   "--config-file=" + (folder / "parser.conf").string(),  "--skip-kernel-load", "--skip-cache",
      "--stdout", "--kernel-features=" + (folder / "features").string(), "--base=" + base,     "--Include=" + base};
  // Abstractions of the distribution, for raw texts that include them.
  std::error_code ignored;
  if (fs::is_directory(distribution_, ignored)) out.push_back("--Include=" + distribution_.string());
  // `network unix` itself is called downgraded where unix sockets are mediated as a family: that is no refusal.
  out.insert(out.end(), {"--warn=rule-not-enforced", "--warn=abi", "--Werror=abi"});
  out.push_back((folder / path).string());
  return out;
}

/// The parser says this of every deny of unix sockets, for kernels that know families alone, although it writes the
/// rule for those that know the sockets (seen with 3.0.8).
static bool is_harmless(const std::string& sentence) {
  return sentence.find("deny unix socket rule not enforced, can't be downgraded") != std::string::npos;
}

Compilation Parser::compile(const std::string& path, Unenforced unenforced) const {
  // The file of that name in our folder is found before one in /etc/apparmor.d.
  if (!put(local_file(path), "")) return {};
  ProcessResult result = run_process(arguments(path), kTimeLimit);
  using End = ProcessResult::End;
  Compilation out;
  if (result.end == End::timed_out) out.end = Compilation::End::timed_out;
  if (result.end != End::exited) return out;
  out.end = result.status == 0 ? Compilation::End::compiled : Compilation::End::refused;
  out.policy = std::move(result.out);
  out.said = sentences(result.err, folder_.path().string() + "/");
  out.line = line_of(result.err, (folder_.path() / path).string());
  if (mediates_unix_) std::erase_if(out.said, is_harmless);
  const bool warned = out.end == Compilation::End::compiled && !out.said.empty();
  if (warned && unenforced == Unenforced::refused) out.end = Compilation::End::refused;
  return out;
}

}  // namespace macc::backends::apparmor
