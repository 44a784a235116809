// When conditions hold together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/meaning.h"

namespace macc::lint {

/// More booleans than this in one question are not enumerated; the question is then answered as if they did not matter.
inline constexpr std::size_t kMaxSwitches = 10;

/// Values of the booleans under which every condition of `must` holds and none of `must_not`. Values as declared come
/// first, so that the plainest answer is found. nullopt when there are none.
[[nodiscard]] std::optional<ir::Assignment> values_for(const ir::Policy& policy,
                                                       const std::vector<const ir::Condition*>& must,
                                                       const std::vector<const ir::Condition*>& must_not);

/// The values of the booleans that the conditions name, each way that they can stand together; those as declared first,
/// and only those when there are more than kMaxSwitches.
[[nodiscard]] std::vector<ir::Assignment> ways_to_stand(const ir::Policy& policy,
                                                        const std::vector<const ir::Condition*>& conditions);

/// " when `a` is on and `b` is off" for the values that differ from the declared ones; "" when none does.
[[nodiscard]] std::string when_text(const ir::Policy& policy, const ir::Assignment& values);

}  // namespace macc::lint
