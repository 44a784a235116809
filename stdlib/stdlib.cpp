#include "stdlib/stdlib.h"

#include <algorithm>
#include <stdexcept>

#include "compiler/syntax/archive.h"
#include "stdlib_modules.h"
#include "stdlib_trees.h"

namespace macc::stdlib {
namespace {

/// "std/system.macc" -> "std.system"
std::string module_of(std::string_view file) {
  std::string name(file.substr(0, file.rfind('.')));
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

template <class Files>
std::optional<std::string_view> content(const Files& files, std::string_view module) {
  for (const auto& file : files) {
    if (module_of(file.name) == module) return file.text;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> find(std::string_view module) { return content(texts::stdlib_modules(), module); }

ast::File tree(std::string_view module, FileId file) {
  const auto text = find(module);
  const auto archive = content(trees::stdlib_trees(), module);
  if (text && archive) {
    if (auto tree = syntax::read_archive(*archive, file, text->size())) return std::move(*tree);
  }
  throw std::logic_error("the syntax tree of module " + std::string(module) + " cannot be read");
}

std::vector<std::string> names() {
  std::vector<std::string> result;
  for (const auto& file : texts::stdlib_modules()) result.push_back(module_of(file.name));
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace macc::stdlib
