// The text of a features file, as the kernel describes itself in /sys/kernel/security/apparmor/features and libapparmor
// writes it down: `name {...}` around further ones or words. Any bytes may come.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "backends/apparmor/features.h"

namespace macc::backends::apparmor {

struct FeatureTree {
  std::string text;             ///< what apparmor_parser reads
  std::set<std::string> paths;  ///< of every node and word: "mount", "mount/mask", "mount/mask/umount"

  /// Whether it is there and is not `no`.
  [[nodiscard]] bool has(std::string_view path) const;
  [[nodiscard]] Classes classes() const;
};

struct FeaturesOrError {
  std::optional<FeatureTree> tree;
  std::string error;  ///< why not: a clause
};

/// libapparmor takes no longer ones.
inline constexpr std::size_t kMostFeaturesText = 8191;

[[nodiscard]] FeaturesOrError read_features(std::string_view text);
/// From a file of that format, or a folder like that of the kernel.
[[nodiscard]] FeaturesOrError read_features_at(const std::filesystem::path& path);

}  // namespace macc::backends::apparmor
