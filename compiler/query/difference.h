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
  uncertain,  ///< macc cannot tell: raw texts, levels; whoever gates changes takes it as gained
};
[[nodiscard]] std::string_view word(Direction direction);

/// One change of a domain: all that one rule brought or took, under the same circumstances.
struct Change {
  Direction direction = Direction::gained;
  Area area = Area::files;
  std::string what;      ///< as source would say it: "read, write \"/etc/x/**\""
  bool part = false;     ///< only for some of the paths that `what` names
  std::string example;   ///< one thing that changed: "write /etc/x/a"; "" where `what` says it
  std::string when;      ///< "when mail": for which values of the booleans; "" for all
  std::string why;       ///< "no longer denied by `deny write /x`": where the rule itself is not new; may be ""
  ir::Provenance where;  ///< of the rule, in the newer policy for what was gained and in the older for what was lost
  bool in_old = false;   ///< which of them `where` is in
};

struct DomainDifference {
  enum class Kind : std::uint8_t { changed, added, removed } kind = Kind::changed;
  std::string domain;  ///< qualified name
  std::vector<Change> changes;
};

struct Difference {
  std::vector<DomainDifference> domains;  ///< those that differ, by name
  /// Promises of the older policy that the newer one neither makes nor keeps by chance, and the like: a sentence each.
  struct Note {
    std::string text;
    Span span;
    bool in_old = false;
  };
  std::vector<Note> notes;
  [[nodiscard]] bool empty() const { return domains.empty() && notes.empty(); }
};

/// Compares all domains of both. External domains have no rules.
[[nodiscard]] Difference compare(const ir::Meaning& before, const ir::Meaning& after);

}  // namespace macc::query
