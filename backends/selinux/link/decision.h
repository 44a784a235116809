// Single decisions of a compiled policy, as the kernel would make them: types, roles, levels and constraints together.
#pragma once

#include <cstdint>
#include <map>
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

/// Who asks, or what is asked for. Policies without levels do not look at the range.
struct SecurityContext {
  std::string user, role, type, range;
};

/// Permissions that rules allow, and the contexts in which the two types can meet.
struct Meeting {
  std::vector<SecurityContext> sources, targets;
  std::string class_name;
  std::vector<std::string> permissions;
};

/// For each meeting the permissions that constraints (of users, roles and levels) and role allow rules refuse in every
/// pair of contexts and whatever the booleans are. Contexts that the policy does not permit do not count; nothing is
/// refused where there are no others. With a reason when the policy cannot be read.
struct Refusals {
  std::vector<std::vector<std::string>> refused;
  std::string reason;
};
[[nodiscard]] Refusals refused_by_constraints(const std::string& image, const std::vector<Meeting>& meetings);

/// What becomes of one permission, the best for who asks first.
enum class Verdict : std::uint8_t {
  allowed,  ///< in one pair of contexts at least
  refused,  ///< a rule allows it, and constraints refuse it in every pair
  no_rule,  ///< no rule allows it; or the policy does not know what is asked
};

/// For each meeting a verdict on each of its permissions, when these booleans have these values and the others those of
/// the image. With a reason when the policy cannot be read.
struct Verdicts {
  std::vector<std::vector<Verdict>> verdicts;
  std::string reason;
};
[[nodiscard]] Verdicts verdicts_on(const std::string& image, const std::vector<Meeting>& meetings,
                                   const std::map<std::string, bool>& booleans);

}  // namespace macc::backends::selinux
