#include "backends/shell.h"

#include <algorithm>

namespace macc::backends {

std::string shell_word(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return word || std::string_view("/._-+:@%,=").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string shell_command(std::string_view name, const std::vector<std::string>& words) {
  std::string out(name);
  for (const auto& word : words) out += " " + shell_word(word);
  return out;
}

}  // namespace macc::backends
