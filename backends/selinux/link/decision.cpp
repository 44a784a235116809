#include "backends/selinux/link/decision.h"

#include <sepol/debug.h>
#include <sepol/policydb/services.h>
#include <sepol/sepol.h>

#include <chrono>
#include <cstdio>

#include "backends/selinux/link/child.h"

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

}  // namespace

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
