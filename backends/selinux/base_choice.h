// Which system's policy a target is about.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "backends/backend.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

/// The base that the target's settings name, without the modules that domains of the build replace. The same build asks
/// several times; the answer is kept.
[[nodiscard]] BaseOrReason chosen_base(const Input& input);

/// What of this machine the choice depends on; see Backend::depends_on().
[[nodiscard]] std::vector<std::string> depends_on(const Target& target);

/// A base by a target's word for it ("auto" or "", "installed", "skeleton") or by its file. The reason is a whole
/// sentence.
[[nodiscard]] BaseOrReason open_base(const std::string& which);

/// Whether a target names a file for its base: one that cannot be used is the author's mistake, and no other will do.
[[nodiscard]] bool names_base_file(const Target& target);

/// Why the installed policy cannot do without the modules that domains of the build replace, a sentence; "" when it
/// can.
[[nodiscard]] std::string why_not_replaced(const Input& input);

/// Types that the system has, but not without the modules that the build replaces. Empty without a system's policy.
[[nodiscard]] std::set<std::string> replaced_types(const Input& input);

/// The regular expressions of file contexts that go with the modules that the build replaces.
[[nodiscard]] std::set<std::string> replaced_contexts(const Input& input);

}  // namespace macc::backends::selinux
