// Two policies compared by what they mean: what each domain may do now and could not before, and the reverse. Order,
// spelling, comments, names of resources and how rules are spread over abstractions make no difference.
#pragma once

#include <string>
#include <vector>

#include "compiler/ir/meaning.h"
#include "compiler/query/permissions.h"

namespace macc::query {

enum class Direction : std::uint8_t {
  gained,     ///< allowed now, denied before
  lost,       ///< the reverse
  uncertain,  ///< macc cannot tell: raw texts, levels, kinds; whoever gates changes takes it as gained
};
[[nodiscard]] std::string_view word(Direction direction);

/// One change of a domain: all that one rule brought or took, under the same circumstances.
struct Change {
  Direction direction = Direction::gained;
  Area area = Area::files;
  std::string what;     ///< as source would say it: "read, write \"/etc/x/**\""
  bool part = false;    ///< only for some of what `what` names
  std::string example;  ///< one thing that changed: "write /etc/x/a"; "" where `what` says it
  std::string when;     ///< "when mail": for which values of the booleans; "" for all
  std::string why;      ///< "no longer denied by `deny write /x`": where the rule itself is not new; may be ""

  // Which paths changed, where it is about paths; else all of this is empty.
  std::vector<std::string> paths;    ///< patterns that hold them all, sensitive ones first
  std::vector<std::string> except;   ///< patterns of what of these did not change
  bool exact = true;                 ///< what changed is `paths` less `except`; else it is a part of that
  bool named = false;                ///< `what` says them, letter by letter
  std::vector<paths::PathSet> sets;  ///< the paths themselves: all of them together are what changed

  std::string text;      ///< a raw text, with what the names in it stand for
  bool untold = false;   ///< nothing here says what changed, so that nobody can agree to it
  ir::Provenance where;  ///< of the rule, in the newer policy for what was gained and in the older for what was lost
  bool in_old = false;   ///< which of them `where` is in
};

struct DomainDifference {
  enum class Kind : std::uint8_t { changed, added, removed } kind = Kind::changed;
  std::string domain;  ///< qualified name
  std::vector<Change> changes;
};

/// What decides how a resource's files are labelled, or who serves it. What follows for domains of the system is not
/// known: always Direction::uncertain.
struct ResourceDifference {
  std::string resource;  ///< qualified name, in the newer policy
  Change change;
};

/// A promise of the older policy that the newer one does not make of these domains, though it has them.
struct GivenUp {
  std::string promise;               ///< "never write \"/etc/**\""
  std::vector<std::string> domains;  ///< qualified names
  Span span;                         ///< in the older policy
};

/// A boolean that is declared with another value now.
struct Redeclared {
  std::string boolean;  ///< qualified name
  bool value = false;   ///< now
  Span span;            ///< in the newer policy
};

struct Difference {
  std::vector<DomainDifference> domains;      ///< those that differ, by name
  std::vector<ResourceDifference> resources;  ///< by name
  std::vector<GivenUp> promises;              ///< in the order of the older policy
  std::vector<Redeclared> defaults;
  [[nodiscard]] bool empty() const {
    return domains.empty() && resources.empty() && promises.empty() && defaults.empty();
  }
};

/// Compares all domains of both. External domains have no rules. Paths that `sensitive` has are shown before others.
[[nodiscard]] Difference compare(const ir::Meaning& before, const ir::Meaning& after,
                                 const std::vector<paths::PathPattern>& sensitive = {});

}  // namespace macc::query
