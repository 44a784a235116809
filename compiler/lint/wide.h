// Rules that open whole trees.
#pragma once

#include <string_view>

#include "compiler/lint/context.h"

namespace macc::lint {

/// The widest tree of the list of which a use reaches names that no list would hold: all of it, but for what is taken
/// out by name. nullopt when there is none.
[[nodiscard]] std::optional<Hit> widest_tree(const Context& context, const Reach& reach, const Use& use,
                                             std::string_view list);

/// The same for a set of paths of which denies take nothing.
[[nodiscard]] const SensitivePattern* widest_tree(const Context& context, const ir::PathExpr& paths,
                                                  std::string_view list);

/// "/etc/**" -> "/etc"
[[nodiscard]] std::string folder_of(const SensitivePattern& tree);

}  // namespace macc::lint
