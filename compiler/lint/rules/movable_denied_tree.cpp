#include <fmt/format.h>

#include "compiler/lint/rules.h"
#include "compiler/lint/same.h"

namespace macc::lint::rules {

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

struct Move {
  const Grant* grant = nullptr;
  std::string folder;
};

std::optional<Move> way_around(const Subject& subject, const ir::FileAccess& denied) {
  for (const paths::PathPattern& pattern : denied.paths.include) {
    for (const std::string& folder : folders_of(pattern)) {
      for (const Grant& grant : subject.reach->grants()) {
        if (grant.rule == nullptr || !grant.verbs.has(ir::Verb::rename)) continue;
        if (subject.reach->reaches({&grant, ir::Verb::rename, false}, folder)) return Move{&grant, folder};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

void movable_denied_tree(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const ir::Rule& rule : subject.domain->rules) {
      const auto* denied = std::get_if<ir::FileAccess>(&rule.access);
      if (denied == nullptr || rule.effect != ir::Effect::deny || !context.is_written_here(rule.where)) continue;
      if (!denied->verbs.meets(writing_verbs())) continue;
      const auto move = way_around(subject, *denied);
      if (!move) continue;
      context
          .report(Code::L0109, subject.id, rule.where,
                  fmt::format("`{}` may rename `{}` and so move what is denied here out of the way",
                              subject.domain->name, printable(move->folder)))
          .with(move->grant->where(), "this allows to rename the folder")
          .note("another folder of that name can then be put in its place")
          .note(fmt::format("deny that as well: `deny change \"{}\";`", printable(move->folder)))
          .about(key_of(rule.access));
    }
  }
}

}  // namespace macc::lint::rules
