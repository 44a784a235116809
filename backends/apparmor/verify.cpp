#include "backends/apparmor/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "backends/apparmor/lower.h"
#include "backends/process.h"
#include "backends/temporary_folder.h"

namespace macc::backends::apparmor {

namespace {

namespace fs = std::filesystem;
using Status = Verification::Status;
constexpr std::chrono::seconds kTimeLimit{60};
constexpr std::string_view kProfiles = "apparmor.d/";

std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

std::string version_of(const std::string& parser) {
  const ProcessResult result = run_process({parser, "--version"}, kTimeLimit);
  constexpr std::string_view kBefore = "version ";
  const std::string line = first_line(result.out);
  const std::size_t at = line.find(kBefore);
  return at == std::string::npos ? "" : line.substr(at + kBefore.size());
}

/// N of "... at line N: ..."; 0 when the parser named no line.
std::size_t line_of(std::string_view message) {
  constexpr std::string_view kAt = "at line ";
  const std::size_t at = message.find(kAt);
  if (at == std::string_view::npos) return 0;
  std::size_t line = 0;
  for (std::size_t i = at + kAt.size(); i < message.size() && message[i] >= '0' && message[i] <= '9' && line < 10000000;
       ++i) {
    line = line * 10 + static_cast<std::size_t>(message[i] - '0');
  }
  return line;
}

/// The parser's own sentences, without the names of our temporary files.
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

class Check {
 public:
  Check(const Input& input, const Features& features, const Lowered& lowered, Diagnostics& diagnostics)
      : input_(input), features_(features), lowered_(lowered), diagnostics_(diagnostics) {}

  Verification run() {
    Verification out;
    out.against = fmt::format("features {}", features_.name);
    parser_ = find_program("apparmor_parser");
    if (parser_.empty()) {
      out.reason = "apparmor_parser is not installed (package apparmor)";
      return out;
    }
    out.checker = "apparmor_parser " + version_of(parser_);
    if (folder_.path().empty() || !write_all()) {
      out.reason = "no temporary folder could be written";
      return out;
    }
    out.status = Status::passed;
    for (const Artifact& a : lowered_.artifacts) {
      if (is_profile(a) && !compile(a)) out.status = Status::failed;
      if (killed_) break;  // an interrupt goes to the parser, too
    }
    return out;
  }

 private:
  static bool is_profile(const Artifact& a) {
    return a.path.starts_with(kProfiles) && a.path.find('/', kProfiles.size()) == std::string::npos;
  }

  fs::path base() const { return folder_.path() / "apparmor.d"; }

  bool write_all() {
    bool fine = write_file(folder_.path() / "features", kernel_features(features_)) &&
                write_file(folder_.path() / "parser.conf", "") &&
                write_file(base() / "abi" / features_.abi, abi_features(features_));
    for (const Artifact& a : lowered_.artifacts) fine = fine && write_file(folder_.path() / a.path, a.content);
    return fine;
  }

  std::vector<std::string> arguments(const Artifact& a) const {
    std::vector<std::string> out = {parser_,
                                    "--config-file=" + (folder_.path() / "parser.conf").string(),
                                    "--skip-kernel-load",
                                    "--skip-cache",
                                    "--stdout",
                                    "--kernel-features=" + (folder_.path() / "features").string(),
                                    "--base=" + base().string(),
                                    "--Include=" + base().string()};
    // Abstractions of the distribution, for raw texts that include them.
    std::error_code ignored;
    if (fs::is_directory("/etc/apparmor.d", ignored)) out.emplace_back("--Include=/etc/apparmor.d");
    // `network unix` itself is called downgraded where unix sockets are mediated as a family: that is no refusal.
    out.insert(out.end(), {"--warn=rule-not-enforced", "--warn=abi", "--Werror=rule-not-enforced", "--Werror=abi"});
    out.push_back((folder_.path() / a.path).string());
    return out;
  }

  bool compile(const Artifact& a) {
    const ProcessResult result = run_process(arguments(a), kTimeLimit);
    using End = ProcessResult::End;
    if (result.end == End::exited && result.status == 0) return true;
    killed_ = result.end == End::killed;
    if (result.end == End::exited) {
      refused(a, result);
    } else {
      const std::string how = result.end == End::timed_out ? "did not finish in time" : "did not run to its end";
      diagnostics_.report(Code::E2010, {}, fmt::format("apparmor_parser {} on {}", how, a.path));
    }
    return false;
  }

  void refused(const Artifact& a, const ProcessResult& result) {
    const auto said = sentences(result.err, folder_.path().string() + "/");
    auto& d = diagnostics_.report(Code::E2008, place_of(a, line_of(result.err)),
                                  fmt::format("apparmor_parser refuses the {}", a.what));
    for (const std::string& line : said) d.note(line);
  }

  /// The parser may name the line after the one it means.
  Span place_of(const Artifact& a, std::size_t line) {
    Diagnostics ignored;
    const LoweredPolicy again = lower_policy(input_, features_, ignored);
    for (const ProfileText& p : again.profiles) {
      if (p.path != a.path) continue;
      const auto& lines = p.written.lines;
      for (const std::size_t at : {line, line - 1}) {
        if (at != 0 && at < lines.size() && lines[at].valid()) return lines[at];
      }
      return input_.policy.domain(p.domain).where.span;
    }
    return {};
  }

  const Input& input_;
  const Features& features_;
  const Lowered& lowered_;
  Diagnostics& diagnostics_;
  TemporaryFolder folder_{"macc-apparmor"};
  std::string parser_;
  bool killed_ = false;
};

}  // namespace

Verification verify_with_parser(const Input& input, const Features& features, const Lowered& lowered,
                                Diagnostics& diagnostics) {
  return Check(input, features, lowered, diagnostics).run();
}

}  // namespace macc::backends::apparmor
