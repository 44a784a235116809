// Who a system's policy gives access to a type: for people who think about taking the label away, or about sharing it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

struct Grantee {
  std::string name;  ///< a type, or an attribute that stands for many
  bool is_attribute = false;
  bool changes = false;  ///< writes, creates, removes, renames or relabels; else it only looks
};

/// Subjects of the base's allow rules on files, directories and their like of a type, by name; conditional rules count.
/// Reads all rules of the base: some 100 ms.
[[nodiscard]] std::vector<Grantee> grantees_of(const Base& base, std::string_view type);

/// A domain that the base enters through an executable.
struct SystemEntryPoint {
  std::string source, domain;
};
[[nodiscard]] std::vector<SystemEntryPoint> entry_points_of(const Base& base, std::string_view exec_type);

/// The module of the base that declares a type; "" when that is not known, as in a binary policy.
[[nodiscard]] std::string module_of(const Base& base, std::string_view type);

}  // namespace macc::backends::selinux
