// libsepol's log as messages.
#pragma once

#include <string>
#include <vector>

#include "backends/selinux/link/inventory.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/link/sepol.h"

namespace macc::backends::selinux {

/// The names under which texts are given to libsepol: nothing that it prints after them can be taken for a place.
inline constexpr std::string_view kCoreSource = "base-core";
inline constexpr std::string_view kRestSource = "base-rest";
[[nodiscard]] std::string source_name(std::size_t module);  ///< of our n-th module

/// What the places of a log stand for.
struct LogContext {
  const std::vector<CilModule>& modules;  ///< ours, by number
  std::string_view core, rest;            ///< the base's texts
  const Inventory& inventory;             ///< the base's names
  std::string base;                       ///< how the base is called in a sentence; "" for a base that is linked alone
};

/// Messages in the order of the log. Nothing in it is lost when `failed`: lines that are not understood become messages
/// of their own where no better one came of them.
[[nodiscard]] std::vector<LinkMessage> read_log(const sepol::Log& log, bool failed, const LogContext& context);

}  // namespace macc::backends::selinux
