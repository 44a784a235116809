// What the rules of a plan grant on a type, whichever attribute or set they name.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backends/selinux/link/link.h"
#include "backends/selinux/rules.h"

namespace macc::backends::selinux {

class PlannedGrants {
 public:
  /// Both have to outlive this.
  PlannedGrants(const std::map<std::string, Module>& modules, const Base& base);

  /// The conditions under which a permission is granted; none when it never is. The source is asked by its own name.
  [[nodiscard]] std::vector<const Guard*> conditions(const std::string& source, const std::string& target,
                                                     const std::string& class_name, const std::string& permission);

 private:
  struct Allow {
    const std::string* target;
    const VectorValue* value;
    const Guard* guard;
  };

  [[nodiscard]] bool is_in(const std::string& type, const std::string& name);
  [[nodiscard]] bool holds(const cil::Node& expression, const std::string& type);
  /// The types in an attribute of the system or of ours that lists them.
  [[nodiscard]] const std::set<std::string>& members(const std::string& attribute);

  const std::map<std::string, Module>& modules_;
  const Base& base_;
  std::map<std::pair<std::string, std::string>, std::vector<Allow>> allows_;  // by source and class
  std::map<std::string, std::set<std::string>> members_;
};

}  // namespace macc::backends::selinux
