// What two rules give together: one writes what the other runs, reads or keeps.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/lint/context.h"
#include "compiler/paths/path_index.h"

namespace macc::lint {

/// Pairs of rules of one domain, or of one with another, that are asked about with automata. Rules of services lie in
/// folders of their own, so that few pairs come near each other; a policy that passes this bound is told so.
inline constexpr std::size_t kMaxPairs = 20'000;

/// What an index holds of paths that could be among those with these starts: sorted, each once.
[[nodiscard]] std::vector<std::size_t> ids_near(const paths::PrefixIndex& index,
                                                const std::vector<std::string>& starts);

/// The grants of a domain that write, found by the start of their paths.
class Writers {
 public:
  explicit Writers(const Reach& reach);

  /// Those that could write what has these starts, in the order of the source.
  [[nodiscard]] std::vector<const Grant*> near(const std::vector<std::string>& starts) const;
  [[nodiscard]] bool empty() const { return grants_.empty(); }

 private:
  std::vector<const Grant*> grants_;
  paths::PrefixIndex index_;
};

/// A rule that writes into a set of paths.
struct Written {
  const Grant* grant = nullptr;
  ir::Verb verb = ir::Verb::write;
  Reached reached;
};

/// What a grant writes of `set`, with the first verb that does.
[[nodiscard]] std::optional<Written> written_by(const Reach& reach, const Grant& grant, const paths::PathSet& set);

/// The first writer whose paths meet `set`, with the first verb that does.
[[nodiscard]] std::optional<Written> first_writer(const Reach& reach, const Writers& writers,
                                                  const std::vector<std::string>& starts, const paths::PathSet& set);

}  // namespace macc::lint
