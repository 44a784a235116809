// The whole of macc behind the process: arguments in, texts and an exit code out.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace macc::driver {

/// What a run sees of the process that it runs in.
struct Environment {
  std::filesystem::path current;  ///< absolute
  std::istream& input;
  bool error_is_terminal = false;
  bool output_is_terminal = false;
  bool no_color = false;    ///< NO_COLOR is set and not empty
  std::size_t columns = 0;  ///< of the terminal; 0 where there is none, or it does not say
  /// Told what the run is busy with, in a few words; empty where nobody looks.
  std::function<void(std::string_view)> busy = {};
};

struct Outcome {
  int exit_code = 0;
  std::string out;  ///< for stdout
  std::string err;  ///< for stderr
};

/// `arguments` without the program's name.
[[nodiscard]] Outcome run(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace macc::driver
