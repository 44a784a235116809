// Path patterns as the regular expressions of file contexts, with the quirks of the platform's matching:
// - entries are sorted: those with meta characters first, then by the length of the literal head ("stem"), then by
//   length of the text; the last match wins;
// - the first component is compared as text, so that an escape in it must stand behind a meta character;
// - a line that holds HOME_DIR, HOME_ROOT, USER or ROLE is taken for a template of home directories;
// - `()` matches nothing and lengthens the text: padding with it moves an entry back without changing its meaning.
#pragma once

#include <string>

#include "backends/selinux/link/file_order.h"
#include "compiler/paths/path_pattern.h"

namespace macc::backends::selinux {

/// The expression of one pattern. Bytes that mean something to regular expressions, to CIL or to the file that
/// `restorecon` reads are written as escapes.
[[nodiscard]] std::string file_context_regex(const paths::PathPattern& pattern);

/// The expression padded until it sorts behind `earlier`; unchanged when it does already. "" when it never can,
/// since its stem is shorter.
[[nodiscard]] std::string sorted_behind(std::string regex, const ContextOrder& earlier);

}  // namespace macc::backends::selinux
