// The base file: all that a base knows, as bytes. docs/base-format.md describes it; the cache uses it too.
#pragma once

#include <string>
#include <string_view>

#include "backends/selinux/link/base_data.h"

namespace macc::backends::selinux {

/// The same data gives the same bytes.
[[nodiscard]] std::string write_base(const Base::Data& data);

/// Fills `data` from any bytes. Returns "" or the reason why they are no base, a clause about the file: "it is damaged
/// (its checksum does not fit)".
[[nodiscard]] std::string read_base(std::string_view bytes, Base::Data& data);

/// A whole file around sections: what write_base() does last. For tests, which make sections that nobody would write.
[[nodiscard]] std::string seal_base(std::string_view sections);

}  // namespace macc::backends::selinux
