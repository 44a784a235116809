#include "compiler/lint/wide.h"

namespace macc::lint {

std::optional<Hit> widest_tree(const Context& context, const Reach& reach, const Use& use, std::string_view list) {
  for (const SensitiveList* trees : context.sensitive().with_prefix(list)) {
    for (const SensitivePattern& tree : trees->patterns) {
      if (!near(use.grant->starts, tree.starts)) continue;
      // A file in the folder, or in any folder of it.
      for (const std::string& path : {tree.sample, tree.sample + "/name"}) {
        if (auto values = reach.reaches(use, path)) return Hit{trees, &tree, path, std::move(*values)};
      }
    }
  }
  return std::nullopt;
}

const SensitivePattern* widest_tree(const Context& context, const ir::PathExpr& paths, std::string_view list) {
  for (const SensitiveList* trees : context.sensitive().with_prefix(list)) {
    for (const SensitivePattern& tree : trees->patterns) {
      for (const char* below : {"", "/name", "/"}) {
        if (context.meaning().set(paths).contains(tree.sample + below)) return &tree;
      }
    }
  }
  return nullptr;
}

std::string folder_of(const SensitivePattern& tree) {
  std::string text = tree.pattern.text();
  text.resize(text.size() - std::string_view("/**").size());
  return text.empty() ? "/" : text;
}

}  // namespace macc::lint
