#include "tests/kernel/probe/tree.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "tests/kernel/probe/files.h"

namespace macc::probe {

bool has_tree() { return exists("/usr"); }

void label_tree(const std::string& lines) {
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) {
    const std::vector<std::string> fields = fields_of(line);
    if (exists(fields.at(0))) set_label(fields[0], fields.at(1));
  }
}

void remove_system() {
  static constexpr std::array<std::string_view, 4> kKept = {"dev", "k", "proc", "sys"};
  for (const std::string& name : names_in("/")) {
    if (std::find(kKept.begin(), kKept.end(), name) == kKept.end()) remove_tree("/" + name);
  }
}

}  // namespace macc::probe
