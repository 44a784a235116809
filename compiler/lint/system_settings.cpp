#include "compiler/lint/system_settings.h"

#include <algorithm>

#include "compiler/lint/wide.h"

namespace macc::lint {

namespace {

bool lies_in_tree(const Context& context, const std::string& path) {
  for (const SensitiveList* trees : context.sensitive().with_prefix("settings_trees")) {
    for (const SensitivePattern& tree : trees->patterns) {
      if (tree.pattern.matches(path)) return true;
    }
  }
  return false;
}

}  // namespace

bool reads_settings(const Context& context, const Subject& subject, const Grant& grant) {
  if (grant.rule == nullptr || grant.exec || !grant.verbs.has(ir::Verb::read)) return false;
  if (grant.paths->resource != ir::ResourceId::none || !context.is_written_here(grant.where())) return false;
  if (std::none_of(grant.starts.begin(), grant.starts.end(),
                   [&](const std::string& start) { return lies_in_tree(context, start); }))
    return false;
  return !widest_tree(context, *subject.reach, {&grant, ir::Verb::read, false}, "wide_read");
}

bool is_undeclared_setting(const Context& context, const std::string& path) {
  if (!lies_in_tree(context, path)) return false;
  const auto& resources = context.policy().resources;
  return std::none_of(resources.begin(), resources.end(), [&](const ir::Resource& resource) {
    return !resource.external && context.meaning().covers(ir::Verb::read, resource.paths, path);
  });
}

}  // namespace macc::lint
