#include "backends/apparmor/exec_words.h"

#include <string_view>
#include <utility>

#include "backends/apparmor/blob.h"

namespace macc::backends::apparmor {

std::string exec_words(const ExecMode& mode) {
  const bool keep = mode.keep_environment;
  switch (mode.kind) {
    case ExecMode::Kind::inherit:
      return "ix";
    case ExecMode::Kind::unconfined:
      return keep ? "ux" : "Ux";
    case ExecMode::Kind::profile:
    case ExecMode::Kind::child:  // the parser writes a change to the child's label
      return (keep ? "px -> " : "Px -> ") + mode.target;
  }
  return "";
}

std::string exec_words(std::uint32_t half, const std::vector<std::string>& targets) {
  const bool keep = (half & kKeepEnvironment) != 0, inherit = (half & kInherit) != 0;
  const std::uint32_t index = half >> kExecIndexShift & 0xf;
  if (index == 0) return inherit ? "ix" : "x";
  std::string out;
  if ((half & kUnconfinedFallback) != 0) out += keep ? "pu" : "PU";
  static constexpr std::string_view kKept[] = {"ux", "px", "cx"}, kScrubbed[] = {"Ux", "Px", "Cx"};
  if (index <= 3) return (inherit ? "i" : "") + out + std::string((keep ? kKept : kScrubbed)[index - 1]);
  const std::size_t at = index - 4;
  const std::string target = at < targets.size() ? targets[at] : "?";
  if (out.empty()) out = keep ? "p" : "P";
  return out + (inherit ? "i" : "") + "x -> " + target;
}

std::string permission_words(std::uint32_t half, const std::vector<std::string>& targets) {
  static constexpr std::pair<std::uint32_t, char> kLetters[] = {{kMap, 'm'}, {kRead, 'r'}, {kLock, 'k'}};
  std::string out;
  for (const auto& [bit, letter] : kLetters) {
    if ((half & bit) != 0) out += letter;
  }
  if ((half & (kWrite | kAppend)) != 0) out += (half & kWrite) != 0 ? 'w' : 'a';
  if ((half & kExec) != 0) out += (out.empty() ? "" : " ") + exec_words(half, targets);
  return out;
}

}  // namespace macc::backends::apparmor
