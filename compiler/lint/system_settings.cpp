#include "compiler/lint/system_settings.h"

#include <algorithm>

#include "compiler/lint/wide.h"

namespace macc::lint {

namespace {

bool is_listed(const Context& context, std::string_view lists, const std::string& path) {
  const auto found = context.sensitive().with_prefix(lists);
  return std::any_of(found.begin(), found.end(), [&](const SensitiveList* list) {
    return std::any_of(list->patterns.begin(), list->patterns.end(),
                       [&](const SensitivePattern& row) { return row.pattern.matches(path); });
  });
}

bool lies_in_tree(const Context& context, const std::string& path) {
  return is_listed(context, "settings_trees", path);
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
  // What controls the system is no program's own: system-control-writable.
  if (!lies_in_tree(context, path) || is_listed(context, "control_", path)) return false;
  const auto& resources = context.policy().resources;
  return std::none_of(resources.begin(), resources.end(), [&](const ir::Resource& resource) {
    return !resource.external && context.meaning().covers(ir::Verb::read, resource.paths, path);
  });
}

}  // namespace macc::lint
