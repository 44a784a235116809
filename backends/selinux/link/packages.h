// A folder of a system's policy modules, and how it becomes a base.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/selinux/link/base_data.h"

namespace macc::backends::selinux {

struct PackageFile {
  std::string name;  ///< of the module: the file's name without its endings
  std::string path;
  std::uint64_t size = 0;
  std::int64_t changed = 0;  ///< nanoseconds
};

/// The *.pp, *.pp.bz2 and *.cil of a folder, by name; empty when there are none.
[[nodiscard]] std::vector<PackageFile> packages_in(const std::string& folder);

/// The CIL of a module; "" when it cannot be read. Only for use inside run_in_child().
[[nodiscard]] std::string read_package(const PackageFile& package);

/// A file that is there, as the module `name`.
[[nodiscard]] PackageFile package_at(std::string name, std::string path);

/// Converts, resolves, condenses and links all packages but those of `leave_out`: some seconds. `data` gets the texts
/// and the base's own violations. Returns "" or the reason why it does not work, one sentence.
[[nodiscard]] std::string build_base(const std::vector<PackageFile>& packages,
                                     const std::vector<std::string>& leave_out, Base::Data& data);

/// The same from a binary policy's bytes, and from file contexts as CIL statements.
[[nodiscard]] std::string build_base_of_binary(const std::string& image, const std::string& filecons, Base::Data& data);

}  // namespace macc::backends::selinux
