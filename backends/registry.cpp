#include <algorithm>

#include "backends/backend.h"

namespace macc::backends {

#define MACC_BACKEND(function) const Backend& function();
#include "backends/backends.def"
#undef MACC_BACKEND

const std::vector<const Backend*>& all() {
  static const std::vector<const Backend*> list = {
#define MACC_BACKEND(function) &function(),
#include "backends/backends.def"
#undef MACC_BACKEND
  };
  return list;
}

const Backend* find(std::string_view name) {
  const auto& list = all();
  auto it = std::find_if(list.begin(), list.end(), [&](const Backend* b) { return b->name() == name; });
  return it == list.end() ? nullptr : *it;
}

std::string_view word(Fidelity fidelity) {
  switch (fidelity) {
    case Fidelity::exact:
      return "exact";
    case Fidelity::wider:
      return "wider";
    case Fidelity::drifts:
      return "drifts";
    case Fidelity::not_enforced:
      return "not enforced";
  }
  return "";
}

}  // namespace macc::backends
