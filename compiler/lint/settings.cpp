#include "compiler/lint/settings.h"

#include <algorithm>

namespace macc::lint {

namespace {

Level catalogue_level(Code lint) {
  const LintInfo* row = find_lint(lint);
  return row != nullptr && row->on ? Level(info(lint).severity) : std::nullopt;
}

bool matches(const PathLevels& rule, const std::string& file) {
  return std::any_of(rule.files.begin(), rule.files.end(), [&](const FileGlob& files) { return files.matches(file); });
}

}  // namespace

bool FileGlob::matches(const std::string& file) const {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const paths::PathPattern& pattern) { return pattern.matches("/" + file); });
}

Level Settings::level(Code lint, const std::string& file) const {
  Level level = catalogue_level(lint);
  if (const auto own = levels.find(lint); own != levels.end()) level = own->second;
  for (const PathLevels& rule : paths) {
    const auto own = rule.levels.find(lint);
    if (own != rule.levels.end() && matches(rule, file)) level = own->second;
  }
  if (only.empty()) return level;
  if (!only.contains(lint)) return std::nullopt;
  return level ? level : Level(info(lint).severity);  // it was asked for by name
}

bool Settings::may_be_on(Code lint) const {
  if (!only.empty()) return only.contains(lint);
  const auto own = levels.find(lint);
  if (own != levels.end() ? own->second.has_value() : catalogue_level(lint).has_value()) return true;
  return std::any_of(paths.begin(), paths.end(), [&](const PathLevels& rule) {
    const auto level = rule.levels.find(lint);
    return level != rule.levels.end() && level->second;
  });
}

}  // namespace macc::lint
