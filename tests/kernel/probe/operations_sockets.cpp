#include "tests/kernel/probe/operations.h"

namespace macc::probe {

const std::vector<Operation>& socket_operations() {
  static const std::vector<Operation> list;
  return list;
}

}  // namespace macc::probe
