// Which label a path gets, by libselinux's own lookup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/selinux/link/label_aliases.h"
#include "backends/selinux/link/link.h"

namespace macc::backends::selinux {

enum class ObjectKind : std::uint8_t { any, file, directory, symlink, socket, fifo, char_device, block_device };

struct LookupQuery {
  std::string path;  ///< absolute
  ObjectKind kind = ObjectKind::file;
};

/// What one query gave: a context, or none (`<<none>>`, or no entry matches).
using FoundContext = std::optional<std::string>;

struct LookupResult {
  std::vector<FoundContext> contexts;  ///< one a query; empty on an error
  std::string error;                   ///< "" when the lookup worked; else one sentence
};

/// Looks the paths up in `file_contexts` as a running system would: HOME_DIR and HOME_ROOT lines stand for /root and
/// for /home/NAME of any name (the login users `unconfined_u`/`user_u` of a default installation), `aliases` hold (see
/// Base::label_aliases), and the administrator's lines count most. Needs no SELinux kernel.
[[nodiscard]] LookupResult lookup(const std::string& file_contexts, const std::vector<LookupQuery>& queries,
                                  const std::vector<LabelAlias>& aliases = default_label_aliases(),
                                  const std::string& local_file_contexts = {});
/// In all of the base's file contexts, with its aliases.
[[nodiscard]] LookupResult lookup(const Base& base, const std::vector<LookupQuery>& queries);

/// The entries that decide: lines as the system has them, homes expanded; nothing where no line matches.
struct DecidingEntries {
  std::vector<std::optional<std::string>> lines;  ///< one a query; empty on an error
  std::string error;
};
[[nodiscard]] DecidingEntries deciding_entries(const Base& base, const std::vector<LookupQuery>& queries);

struct BadPattern {
  std::size_t index = 0;  ///< in what was asked
  std::string why;
};

/// Those patterns of file contexts that are no regular expressions. The linker takes them; the system would not.
[[nodiscard]] std::vector<BadPattern> bad_patterns(const std::vector<std::string>& patterns);

/// "etc_t" of "system_u:object_r:etc_t:s0"; "" for what is no context.
[[nodiscard]] std::string type_of_context(const std::string& context);

}  // namespace macc::backends::selinux
