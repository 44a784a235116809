// The calls into libsepol. They use global state, exit when memory runs out and may crash on odd input: only for use
// inside run_in_child().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::selinux::sepol {

struct Source {
  std::string name;  ///< as it will stand in messages
  std::string_view text;
};

/// The lines of libsepol's log, put together from its fragments. The library does not say which are chatter.
using Log = std::vector<std::string>;

struct Compiled {
  bool ok = false;
  Log log;
  std::string image;
  std::string file_contexts;
};

struct CompileOptions {
  bool neverallow = true;
  bool merge_declarations = false;  ///< whether a name may be declared twice, as in module packages
};

/// A module package (*.pp) as CIL; "" when it is none.
[[nodiscard]] std::string package_to_cil(std::string package);

/// A binary module and the text of its file contexts as a module package; "" when the module is none.
[[nodiscard]] std::string make_package(std::string module, std::string file_contexts);
/// A binary policy as CIL. What the binary does not keep is gone: neverallows, how attributes were defined, modules.
struct Decompiled {
  bool ok = false;
  std::string text;
  std::uint64_t version = 0;
};
[[nodiscard]] Decompiled decompile(std::string image);

/// All sources as one text of CIL with names resolved: optional blocks that do not apply are gone.
struct Resolved {
  bool ok = false;
  Log log;
  std::string text;
};
[[nodiscard]] Resolved resolve(const std::vector<Source>& sources);

[[nodiscard]] Compiled compile(const std::vector<Source>& sources, const CompileOptions& options);

}  // namespace macc::backends::selinux::sepol
