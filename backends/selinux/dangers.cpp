#include "backends/selinux/dangers.h"

#include <map>
#include <utility>

namespace macc::backends::selinux {
namespace {

using Rows = std::map<std::pair<std::string_view, std::string_view>, int>;

const Rows& rows() {
  static const Rows table = {
#define MACC_DANGER(rank, class_name, permission) {{class_name, permission}, rank},
#include "backends/selinux/dangers.def"
#undef MACC_DANGER
  };
  return table;
}

constexpr int kUnknown = 1;

}  // namespace

int danger(std::string_view class_name, std::string_view permission) {
  const Rows& table = rows();
  auto found = table.find({class_name, permission});
  if (found == table.end()) found = table.find({"*", permission});
  return found == table.end() ? kUnknown : found->second;
}

}  // namespace macc::backends::selinux
