// Any bytes as a features file of AppArmor. What is taken must be short and plain, and read the same again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/apparmor/features_tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace macc::backends::apparmor;
  const FeaturesOrError found = read_features({reinterpret_cast<const char*>(data), size});
  if (found.tree.has_value() == !found.error.empty()) std::abort();
  if (!found.tree) return 0;
  const std::string& text = found.tree->text;
  if (text.size() > kMostFeaturesText || text.find('\0') != std::string::npos) std::abort();
  const FeaturesOrError again = read_features(text);
  if (!again.tree || again.tree->paths != found.tree->paths) std::abort();
  for (const std::string& path : found.tree->paths) {
    const std::size_t above = path.rfind('/');
    if (above != std::string::npos && !found.tree->paths.contains(path.substr(0, above))) std::abort();
  }
  static_cast<void>(found.tree->classes());
  return 0;
}
