// Single decisions of a compiled policy, as the kernel would make them: types, roles, levels and constraints together.
#pragma once

#include <string>
#include <vector>

namespace macc::backends::selinux {

struct Question {
  std::string source, target;  ///< whole contexts, "system_u:system_r:ntpd_t:s0"
  std::string class_name, permission;
};

/// Whether the policy allows each of the questions, in order: true or false. Empty, with a reason, when the policy or a
/// question cannot be read.
struct Decisions {
  std::vector<bool> allowed;
  std::string reason;
};
[[nodiscard]] Decisions decide(const std::string& image, const std::vector<Question>& questions);

}  // namespace macc::backends::selinux
