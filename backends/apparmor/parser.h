// apparmor_parser, with a private folder of the files that it reads: the features of a target, and profiles.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backends/apparmor/features.h"
#include "compiler/base/temporary_folder.h"

namespace macc::backends::apparmor {

/// Its path; "" where it is not installed.
[[nodiscard]] std::string parser_program();
/// The files that a distribution's profiles and raw texts include.
inline constexpr std::string_view kDistribution = "/etc/apparmor.d";

/// What became of one profile's file.
struct Compilation {
  enum class End : std::uint8_t { compiled, refused, timed_out, killed } end = End::killed;
  std::string policy;             ///< the bytes that the kernel would load
  std::vector<std::string> said;  ///< the parser's sentences, without the names of our temporary files
  std::size_t line = 0;           ///< that a refusal names, or the one before it; 0 when it names none
};

class Parser {
 public:
  /// `distribution` holds the files that raw texts include.
  explicit Parser(const Features& features, std::filesystem::path distribution = kDistribution);

  [[nodiscard]] bool installed() const { return !program_.empty(); }
  /// "3.0.8"; "" when it does not say.
  [[nodiscard]] std::string version() const;
  /// Writes a file below the folder ("apparmor.d/NAME", "apparmor.d/tunables/macc.d/NAME"); false when that fails.
  [[nodiscard]] bool put(const std::string& path, const std::string& content) const;
  /// Whether a rule that would not be enforced is a refusal, or only said: the distribution's own files have some.
  enum class Unenforced : std::uint8_t { refused, said };
  /// Compiles a file that was put there; nothing is loaded. What this machine adds to a profile of that name, in
  /// its own apparmor.d/local, is left out.
  [[nodiscard]] Compilation compile(const std::string& path, Unenforced unenforced = Unenforced::refused) const;

 private:
  [[nodiscard]] std::vector<std::string> arguments(const std::string& path) const;

  std::string program_;
  std::filesystem::path distribution_;
  TemporaryFolder folder_{"macc-apparmor"};
  bool ready_ = false;
  bool mediates_unix_ = false;
};

}  // namespace macc::backends::apparmor
