#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"
#include "compiler/lint/statements.h"

namespace macc::lint::rules {

namespace {

struct Symlink {
  std::string_view name, target;
};

constexpr Symlink kSymlinks[] = {
#define MACC_SYMLINK(name, target) {name, target},
#include "compiler/lint/symlinks.def"
#undef MACC_SYMLINK
};

/// Whether all that is written is names: `{a,b}`, but no wildcard.
bool names_only(const paths::Sequence& atoms) {
  return std::all_of(atoms.begin(), atoms.end(), [](const paths::Atom& atom) {
    if (std::holds_alternative<paths::Literal>(atom.value)) return true;
    const auto* either = std::get_if<paths::Alternatives>(&atom.value);
    return either != nullptr && std::all_of(either->choices.begin(), either->choices.end(), names_only);
  });
}

std::vector<const Symlink*> named(const paths::PathPattern& pattern) {
  std::vector<const Symlink*> out;
  const bool names = std::all_of(pattern.components().begin(), pattern.components().end(), [](const auto& component) {
    return !component.any_depth && names_only(component.atoms);
  });
  if (!names || pattern.tail() == paths::Tail::tree) return out;
  for (const Symlink& link : kSymlinks) {
    if (pattern.matches(link.name)) out.push_back(&link);
  }
  return out;
}

paths::PathSet target_of(const Symlink& link) {
  paths::PatternError error;
  return paths::PathSet::of(paths::PathPattern::parse(link.target, error));
}

/// Whether a grant of the same sort reaches what the link leads to.
bool is_followed(const Context& context, const Subject& subject, const Grant& grant, const Symlink& link) {
  const paths::PathSet target = target_of(link);
  return std::any_of(subject.reach->grants().begin(), subject.reach->grants().end(), [&](const Grant& other) {
    const bool same = grant.exec ? other.exec : other.verbs.meets(grant.verbs);
    return same && context.meaning().set(*other.paths).meets(target);
  });
}

/// Whether a link leads to one file that is the same for everybody: another target could hold more than the link did.
bool leads_to_one(const Symlink& link) {
  return link.target.find_first_of("*?[{") == std::string_view::npos && !link.target.starts_with("/proc/");
}

/// Replaces the name in the statement, where it is written out among the objects.
std::vector<Edit> followed(const Context& context, const Grant& grant, const Symlink& link) {
  const auto statement = context.statement(grant.where());
  if (!statement || !grant.rule->where.includes.empty() || !leads_to_one(link)) return {};
  const auto* rule = rule_at(context.tree(statement->file), *statement);
  const auto* list = rule == nullptr ? nullptr : objects_of(*rule);
  if (list == nullptr) return {};
  for (const ast::Object& object : list->objects) {
    const auto* text = std::get_if<ast::Text>(&object);
    if (text != nullptr && text->raw == link.name) return {{text->span, fmt::format("\"{}\"", link.target)}};
  }
  return {};
}

void report(Context& context, const Subject& subject, const Grant& grant, const Symlink& link) {
  context
      .report(Code::L0116, subject.id, grant.where(),
              fmt::format("`{}` is a symlink: the kernel asks about what it leads to", link.name))
      .note(fmt::format("on Debian that is `{}`; `readlink -f {}` tells for a system", link.target, link.name))
      .note("name the target")
      .about(fmt::format("symlink {}", link.name))
      .fix("name the target", followed(context, grant, link));
}

}  // namespace

void symlink_named(Context& context) {
  for (const Subject& subject : context.subjects()) {
    for (const Grant& grant : subject.reach->grants()) {
      if (grant.rule == nullptr || !context.is_written_here(grant.where())) continue;
      for (const paths::PathPattern& pattern : grant.paths->include) {
        for (const Symlink* link : named(pattern)) {
          if (!is_followed(context, subject, grant, *link)) report(context, subject, grant, *link);
        }
      }
    }
  }
}

}  // namespace macc::lint::rules
