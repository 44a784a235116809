// Bases that were built before, in the user's cache folder.
#pragma once

#include <string>
#include <vector>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/import.h"

namespace macc::backends::selinux {

/// One base's place in the cache. There is one file for each folder of packages and set of modules left out; a file of
/// older packages is replaced.
class BaseCache {
 public:
  BaseCache(const PolicySource& source, const std::vector<std::string>& leave_out, const Companions& companions);

  /// Fills `data`. False when there is nothing that fits, or it is damaged.
  [[nodiscard]] bool read(Base::Data& data) const;
  /// Writes it in one step. When that does not work there is no cache, and nobody needs to know.
  void write(Base::Data& data) const;

 private:
  std::string key_;   // of everything that the base is built from
  std::string path_;  // "" without a cache folder
};

}  // namespace macc::backends::selinux
