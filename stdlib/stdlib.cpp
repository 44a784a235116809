#include "stdlib/stdlib.h"

#include <algorithm>

#include "stdlib_modules.h"

namespace macc::stdlib {
namespace {

constexpr std::string_view suffix = ".macc";

/// "std/system.macc" -> "std.system"
std::string module_of(std::string_view file) {
  std::string name(file.substr(0, file.size() - suffix.size()));
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

}  // namespace

std::optional<std::string_view> find(std::string_view module) {
  for (const embedded::EmbeddedFile& file : embedded::stdlib_modules()) {
    if (module_of(file.name) == module) {
      return file.text;
    }
  }
  return std::nullopt;
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const embedded::EmbeddedFile& file : embedded::stdlib_modules()) {
    result.push_back(module_of(file.name));
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace macc::stdlib
