// Colours of terminal output.
#pragma once

#include <string>
#include <string_view>

#include "compiler/base/diagnostic.h"

namespace macc::report {

enum class Ink : std::uint8_t { plain, bold, red, yellow, cyan, blue, green };

/// Colours pieces of text, or leaves them as they are when colour is off.
class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}

  [[nodiscard]] std::string operator()(Ink ink, std::string_view text) const {
    if (!colour_ || ink == Ink::plain || text.empty()) return std::string(text);
    return std::string(sequence(ink)).append(text).append("\x1b[0m");
  }

 private:
  static constexpr std::string_view sequence(Ink ink) {
    switch (ink) {
      case Ink::plain:
        return "";
      case Ink::bold:
        return "\x1b[1m";
      case Ink::red:
        return "\x1b[1;31m";
      case Ink::yellow:
        return "\x1b[1;33m";
      case Ink::cyan:
        return "\x1b[1;36m";
      case Ink::blue:
        return "\x1b[1;34m";
      case Ink::green:
        return "\x1b[1;32m";
    }
    return "";
  }

  bool colour_;
};

[[nodiscard]] inline Ink ink_of(Severity severity) {
  return severity == Severity::error ? Ink::red : severity == Severity::warning ? Ink::yellow : Ink::cyan;
}

}  // namespace macc::report
