// Folders that a system labels as others: the files file_contexts.subs_dist (the distribution's) and
// file_contexts.subs (the administrator's), which libselinux applies one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// Debian's.
[[nodiscard]] const std::vector<LabelAlias>& default_label_aliases();

/// Both files as one list, in the order in which the entries are to be tried.
[[nodiscard]] std::vector<LabelAlias> take_label_aliases(std::string_view administrator, std::string_view distribution);

/// Those of the two files in a folder; empty when neither is there.
[[nodiscard]] std::vector<LabelAlias> read_label_aliases(const std::string& folder);

/// As one file, for libselinux.
[[nodiscard]] std::string to_file(const std::vector<LabelAlias>& aliases);

/// The path that a path is looked up as.
[[nodiscard]] std::string as_looked_up(std::string_view path, const std::vector<LabelAlias>& aliases);

}  // namespace macc::backends::selinux
