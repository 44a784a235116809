// What is behind a Base.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/selinux/link/inventory.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

struct Base::Data {
  std::string description;
  std::string origin;                ///< the folder or file that it was made from; "" for the skeleton
  std::string cache_key;             ///< in the cache: what it was made from, in detail; else ""
  std::vector<std::string> notices;  ///< see Base::notices
  std::uint64_t policy_version = 0;  ///< of a binary policy; 0 for modules
  bool skeleton = false;
  std::vector<std::string> modules;  ///< sorted
  /// Modules that were left out, and the types that only they declare; both sorted.
  std::vector<std::string> left_out, left_out_types, left_out_contexts;
  std::string core, rest;  ///< see condense.h
  std::string file_contexts;
  std::string local_file_contexts;  ///< the administrator's, file_contexts.local
  /// Neverallows that the base breaks itself, with the rule: "(neverallow ...) (allow ...)". They are no fault of ours.
  std::vector<std::string> own_violations;
  std::vector<LabelAlias> label_aliases;  ///< in the order in which they are tried
  Inventory inventory;
};

}  // namespace macc::backends::selinux
