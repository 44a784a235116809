#include "compiler/lint/moves.h"

#include <vector>

namespace macc::lint {

namespace {

/// The folders on the way to what a pattern names, itself included when it is a tree: "/a/", "/a/b/". None behind a
/// wildcard.
std::vector<std::string> folders_of(const paths::PathPattern& pattern) {
  std::vector<std::string> out;
  std::string prefix = pattern.literal_prefix();
  const bool names_file = pattern.tail() != paths::Tail::tree;
  for (std::size_t slash = prefix.find('/', 1); slash != std::string::npos; slash = prefix.find('/', slash + 1))
    out.push_back(prefix.substr(0, slash + 1));
  if (!names_file && !prefix.ends_with('/')) out.push_back(prefix + "/");
  return out;
}

}  // namespace

std::optional<Move> movable_folder(const Reach& reach, const ir::PathExpr& paths) {
  for (const paths::PathPattern& pattern : paths.include) {
    for (const std::string& folder : folders_of(pattern)) {
      for (const Grant& grant : reach.grants()) {
        if (grant.rule == nullptr || !grant.verbs.has(ir::Verb::rename)) continue;
        if (auto values = reach.reaches({&grant, ir::Verb::rename, false}, folder))
          return Move{&grant, folder, std::move(*values)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace macc::lint
