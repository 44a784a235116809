#include "backends/apparmor/proc.h"

#include <string>

namespace macc::backends::apparmor {

using paths::PathPattern;

namespace {

/// Numbers of processes have at most seven digits (pid_max is 2^22).
constexpr std::string_view kNumber = "[1-9]{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}{,[0-9]}";

PathPattern parsed(const std::string& text) {
  paths::PatternError error;
  return PathPattern::parse(text, error).at(0);
}

bool is_literal(const paths::Component& component, std::string_view bytes) {
  if (component.any_depth || component.atoms.size() != 1) return false;
  const auto* literal = std::get_if<paths::Literal>(&component.atoms.front().value);
  return literal != nullptr && literal->bytes == bytes;
}

bool is_lone_star(const paths::Component& component) {
  return !component.any_depth && component.atoms.size() == 1 &&
         std::holds_alternative<paths::AnyChars>(component.atoms.front().value);
}

}  // namespace

PathPattern process_files() { return parsed("/proc/" + std::string(kNumber) + "/**"); }

std::optional<PathPattern> with_process_number(const PathPattern& pattern) {
  const auto& components = pattern.components();
  const bool in_proc =
      pattern.anchor() == PathPattern::Anchor::root && components.size() >= 2 && is_literal(components[0], "proc");
  if (!in_proc) return std::nullopt;
  const bool thread = is_literal(components[1], "thread-self");
  if (!thread && !is_literal(components[1], "self") && !is_lone_star(components[1])) return std::nullopt;
  std::string number(kNumber);
  if (thread) number += "/task/" + number;
  const std::string text = pattern.text();
  constexpr std::string_view kProc = "/proc/";
  const std::size_t end = std::min(text.find('/', kProc.size()), text.size());
  const PathPattern out = parsed(std::string(kProc) + number + text.substr(end));
  return pattern.excludes_top() ? out.entries_beneath() : out;
}

}  // namespace macc::backends::apparmor
