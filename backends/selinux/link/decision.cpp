#include "backends/selinux/link/decision.h"

#include <sepol/debug.h>
#include <sepol/policydb/policydb.h>
#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>
#include <sepol/sepol.h>

#include <chrono>
#include <cstdio>
#include <unordered_map>

#include "backends/selinux/link/child.h"
#include "backends/selinux/link/conditions.h"

namespace macc::backends::selinux {
namespace {

constexpr std::chrono::seconds kTimeLimit{60};
constexpr char kAllowed = '1', kDenied = '0', kUnreadable = '?';

char answer(const Question& question) {
  sepol_security_id_t source = 0, target = 0;
  sepol_security_class_t class_number = 0;
  sepol_access_vector_t wanted = 0;
  if (sepol_context_to_sid(question.source.c_str(), question.source.size() + 1, &source) != 0 ||
      sepol_context_to_sid(question.target.c_str(), question.target.size() + 1, &target) != 0 ||
      sepol_string_to_security_class(question.class_name.c_str(), &class_number) != 0 ||
      sepol_string_to_av_perm(class_number, question.permission.c_str(), &wanted) != 0)
    return kUnreadable;
  sepol_av_decision decision{};
  unsigned int reason = 0;
  if (sepol_compute_av_reason(source, target, class_number, wanted, &decision, &reason) != 0) return kUnreadable;
  return reason == 0 && (decision.allowed & wanted) == wanted ? kAllowed : kDenied;
}

/// The library keeps the policy in global state: only for use inside run_in_child().
std::string answers(const std::string& image, const std::vector<Question>& questions) {
  sepol_debug(0);
  std::FILE* file = fmemopen(const_cast<char*>(image.data()), image.size(), "r");
  if (file == nullptr || sepol_set_policydb_from_file(file) != 0) return {};
  std::string out;
  for (const Question& question : questions) out += answer(question);
  return out;
}

constexpr char kRefused = 'c', kNoRule = 't';

/// The policy's numbers of contexts. Meetings share most of theirs.
class ContextIds {
 public:
  explicit ContextIds(bool with_levels) : with_levels_(with_levels) {}

  /// Of those that the policy permits.
  std::vector<sepol_security_id_t> of(const std::vector<SecurityContext>& contexts) {
    std::vector<sepol_security_id_t> ids;
    for (const SecurityContext& context : contexts)
      if (const sepol_security_id_t id = of(context); id != kNone) ids.push_back(id);
    return ids;
  }

 private:
  static constexpr sepol_security_id_t kNone = 0;

  sepol_security_id_t of(const SecurityContext& context) {
    std::string text = context.user + ":" + context.role + ":" + context.type;
    if (with_levels_) text += ":" + context.range;
    const auto [it, fresh] = ids_.try_emplace(std::move(text), kNone);
    if (fresh && sepol_context_to_sid(it->first.c_str(), it->first.size() + 1, &it->second) != 0) it->second = kNone;
    return it->second;
  }

  bool with_levels_;
  std::unordered_map<std::string, sepol_security_id_t> ids_;
};

/// What stands between two contexts and a permission.
char obstacle(sepol_security_id_t source, sepol_security_id_t target, sepol_security_class_t class_number,
              const std::string& permission) {
  sepol_access_vector_t wanted = 0;
  sepol_av_decision decision{};
  unsigned int reason = 0;
  if (sepol_string_to_av_perm(class_number, permission.c_str(), &wanted) != 0 ||
      sepol_compute_av_reason(source, target, class_number, wanted, &decision, &reason) != 0)
    return kNoRule;
  if (reason == 0) return kAllowed;
  return (reason & SEPOL_COMPUTEAV_TE) != 0 ? kNoRule : kRefused;
}

/// Notes in `verdicts` what is allowed in one pair of contexts at least, else what is refused.
void meet(const Meeting& meeting, ContextIds& contexts, std::string& verdicts) {
  sepol_security_class_t class_number = 0;
  if (sepol_string_to_security_class(meeting.class_name.c_str(), &class_number) != 0) return;
  const auto sources = contexts.of(meeting.sources), targets = contexts.of(meeting.targets);
  for (std::size_t i = 0; i < meeting.permissions.size(); ++i)
    for (const auto source : sources)
      for (const auto target : targets) {
        if (verdicts[i] == kAllowed) continue;
        const char found = obstacle(source, target, class_number, meeting.permissions[i]);
        if (found != kNoRule) verdicts[i] = found;
      }
}

/// What permissions are left as when nothing was noted about them.
std::vector<std::string> no_rules(const std::vector<Meeting>& meetings) {
  std::vector<std::string> verdicts;
  for (const Meeting& meeting : meetings) verdicts.emplace_back(meeting.permissions.size(), kNoRule);
  return verdicts;
}

/// A policy in the library's global state.
class LoadedPolicy {
 public:
  explicit LoadedPolicy(const std::string& image) {
    sepol_debug(0);
    policy_file_t file{};
    policy_file_init(&file);
    file.type = PF_USE_MEMORY;
    file.data = const_cast<char*>(image.data());
    file.len = image.size();
    ok_ = policydb_init(&policy_) == 0 && policydb_read(&policy_, &file, 0) == 0 && sepol_sidtab_init(&ids_) == 0;
    if (!ok_) return;
    sepol_set_policydb(&policy_);
    sepol_set_sidtab(&ids_);
  }
  LoadedPolicy(const LoadedPolicy&) = delete;
  LoadedPolicy& operator=(const LoadedPolicy&) = delete;

  [[nodiscard]] bool is_there() const { return ok_; }
  [[nodiscard]] policydb_t& policy() { return policy_; }

 private:
  policydb_t policy_{};
  sidtab_t ids_{};
  bool ok_ = false;
};

std::string joined(const std::vector<std::string>& verdicts) {
  std::string out;
  for (const std::string& list : verdicts) out += list;
  return out;
}

/// A verdict for each permission of each meeting, in order, over all values of the booleans. Only for use inside
/// run_in_child().
std::string under_any_booleans(const std::string& image, const std::vector<Meeting>& meetings) {
  LoadedPolicy loaded(image);
  if (!loaded.is_there()) return {};
  std::vector<std::string> verdicts = no_rules(meetings);
  ContextIds contexts(loaded.policy().mls != 0);
  for (const int on : {0, 1}) {
    if (macc_set_booleans(&loaded.policy(), on) != 0) return {};
    for (std::size_t i = 0; i < meetings.size(); ++i) meet(meetings[i], contexts, verdicts[i]);
  }
  return joined(verdicts);
}

/// The same under certain values.
std::string under_booleans(const std::string& image, const std::vector<Meeting>& meetings,
                           const std::map<std::string, bool>& booleans) {
  LoadedPolicy loaded(image);
  if (!loaded.is_there()) return {};
  for (const auto& [name, value] : booleans) macc_set_boolean(&loaded.policy(), name.c_str(), value ? 1 : 0);
  if (macc_apply_booleans(&loaded.policy()) != 0) return {};
  std::vector<std::string> verdicts = no_rules(meetings);
  ContextIds contexts(loaded.policy().mls != 0);
  for (std::size_t i = 0; i < meetings.size(); ++i) meet(meetings[i], contexts, verdicts[i]);
  return joined(verdicts);
}

std::size_t permissions_in(const std::vector<Meeting>& meetings) {
  std::size_t count = 0;
  for (const Meeting& meeting : meetings) count += meeting.permissions.size();
  return count;
}

/// Why a child's answer cannot be used; "" when it can.
std::string fault(const ChildResult& child, std::size_t wanted) {
  if (child.status != ChildResult::Status::finished) return "libsepol " + describe(child);
  return child.output.size() == wanted ? "" : "libsepol cannot read the policy";
}

Verdict verdict_of(char c) {
  return c == kAllowed ? Verdict::allowed : c == kRefused ? Verdict::refused : Verdict::no_rule;
}

}  // namespace

Refusals refused_by_constraints(const std::string& image, const std::vector<Meeting>& meetings) {
  const ChildResult child = run_in_child([&] { return under_any_booleans(image, meetings); }, kTimeLimit);
  Refusals result;
  result.reason = fault(child, permissions_in(meetings));
  if (!result.reason.empty()) return result;
  std::size_t at = 0;
  for (const Meeting& meeting : meetings) {
    auto& refused = result.refused.emplace_back();
    for (const std::string& permission : meeting.permissions)
      if (child.output[at++] == kRefused) refused.push_back(permission);
  }
  return result;
}

Verdicts verdicts_on(const std::string& image, const std::vector<Meeting>& meetings,
                     const std::map<std::string, bool>& booleans) {
  const ChildResult child = run_in_child([&] { return under_booleans(image, meetings, booleans); }, kTimeLimit);
  Verdicts result;
  result.reason = fault(child, permissions_in(meetings));
  if (!result.reason.empty()) return result;
  std::size_t at = 0;
  for (const Meeting& meeting : meetings) {
    auto& list = result.verdicts.emplace_back();
    for (std::size_t i = 0; i < meeting.permissions.size(); ++i) list.push_back(verdict_of(child.output[at++]));
  }
  return result;
}

Decisions decide(const std::string& image, const std::vector<Question>& questions) {
  const ChildResult child = run_in_child([&] { return answers(image, questions); }, kTimeLimit);
  Decisions decisions;
  if (child.status != ChildResult::Status::finished) {
    decisions.reason = "libsepol " + describe(child);
    return decisions;
  }
  if (child.output.size() != questions.size()) {
    decisions.reason = "libsepol cannot read the policy";
    return decisions;
  }
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (child.output[i] == kUnreadable)
      return {{},
              "the policy does not know what is asked: " + questions[i].source + " " + questions[i].target + " " +
                  questions[i].class_name + " " + questions[i].permission};
    decisions.allowed.push_back(child.output[i] == kAllowed);
  }
  return decisions;
}

}  // namespace macc::backends::selinux
