// Where a system keeps its policy, and how a base is made from it.
#pragma once

#include <string>
#include <vector>

#include "backends/selinux/link/base_data.h"
#include "backends/selinux/link/packages.h"

namespace macc::backends::selinux {

/// Everything that one base is made from.
struct PolicySource {
  std::string place;                  ///< what was named or found: a folder, a module store, a binary policy
  std::string root;                   ///< of the system that it belongs to, "" for this one
  std::string name;                   ///< of the policy, "default", "targeted"; "" when it is no system's
  std::vector<PackageFile> packages;  ///< sorted by name; empty for a binary policy
  bool is_store = false;
  std::string binary;    ///< the path of a binary policy, or ""
  std::string contexts;  ///< the folder with file_contexts and its companions, or ""
  std::string active;    ///< the folder with what `semanage` changed, or ""
};

struct SourceOrReason {
  PolicySource source;
  std::string reason;  ///< "" when there is one; else a sentence
};

[[nodiscard]] SourceOrReason find_source(const ImportRequest& request);
/// Of packages in a folder.
[[nodiscard]] PolicySource folder_source(const std::string& folder);

/// What the administrator changed, and other texts beside the policy.
struct Companions {
  std::string aliases, aliases_dist;    ///< file_contexts.subs, file_contexts.subs_dist
  std::string local_file_contexts;      ///< file_contexts.local
  std::string ports, booleans;          ///< ports.local, booleans.local
  std::vector<std::string> notices;     ///< about what could not be read
  std::string file_contexts, homedirs;  ///< for a binary policy only, which has none itself
  std::string home_template;            ///< as HOME_DIR lines; "" when only `homedirs` is there
};
[[nodiscard]] Companions read_companions(const PolicySource& source);

/// Puts local ports and boolean values into a base's texts, and the rest beside them.
void apply_companions(const Companions& companions, Base::Data& data);

/// File contexts as CIL statements, a line each; what is no file context is left out.
[[nodiscard]] std::string to_filecons(std::string_view file_contexts);

/// Those of homes as lines that stand for any home, from what genhomedircon made of them.
[[nodiscard]] std::string to_home_template(std::string_view homedirs);

}  // namespace macc::backends::selinux
