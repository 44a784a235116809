// The whole contexts that types of a build and its base can have, for questions that users, roles and levels decide
// too.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/link/decision.h"
#include "backends/selinux/link/link.h"
#include "backends/selinux/planned.h"

namespace macc::backends::selinux {

class SecurityContexts {
 public:
  /// `base` has to outlive this.
  SecurityContexts(const Input& input, const Planned& plan, const Base& base);

  /// Notes that a domain makes objects of a type.
  void add_maker(const std::string& type, const std::string& domain) { makers_[type].insert(domain); }

  [[nodiscard]] bool is_domain(const std::string& type) const { return roles_.contains(type); }
  /// With each user that may have one of the type's roles. A domain without a range of its own runs at that of who
  /// starts it.
  [[nodiscard]] std::vector<SecurityContext> of_process(const std::string& type) const;
  /// What is installed with its label, and what domains make.
  [[nodiscard]] std::vector<SecurityContext> of_object(const std::string& type) const;
  /// Of what a process makes: it has the user and the level of its maker.
  [[nodiscard]] SecurityContext of_made(const std::string& type, const SecurityContext& maker) const;
  /// Of a process where the type has roles of its own, else of an object.
  [[nodiscard]] std::vector<SecurityContext> of_target(const std::string& type) const;

 private:
  void note_levels(std::string_view lines);

  const Base& base_;
  std::string object_user_, object_role_;
  std::map<std::string, std::set<std::string>> roles_;   // of own types
  std::map<std::string, std::set<std::string>> ranges_;  // of own domains
  std::map<std::string, std::set<std::string>> levels_;  // of files
  std::map<std::string, std::set<std::string>> makers_;  // domains by what they make
};

}  // namespace macc::backends::selinux
