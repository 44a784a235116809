// What `macc diff` says of a difference, for all of its formats.
#pragma once

#include <string>

#include "compiler/query/difference.h"

namespace macc::driver {

/// '+' for what is gained, '-' for what is lost, '?' for what may be either.
[[nodiscard]] char sign(query::Direction direction);
/// "connect tcp 25, in part, when mail"
[[nodiscard]] std::string words(const query::Change& change);
/// Which paths changed; "" where the change itself says that. Of many patterns the first ones.
[[nodiscard]] std::string paths_of(const query::Change& change);
/// "true" or "false"
[[nodiscard]] std::string value_of(const query::Redeclared& boolean);
/// The domain, and whether it is new or gone.
[[nodiscard]] std::string title(const query::DomainDifference& domain);
/// "1 domain", "2 domains"
[[nodiscard]] std::string counted(std::size_t number, std::string_view one, std::string_view many);
/// One line for the whole: how much was gained and lost.
[[nodiscard]] std::string summary(const query::Difference& difference);

}  // namespace macc::driver
