// What became of a rule on a target, and where an access there comes from.
#pragma once

#include <optional>
#include <string>

#include "compiler/driver/session.h"

namespace macc::driver {

/// `macc explain` with `--rule`, `--access` or `--grants`.
void explain_target(Session& session);

/// `macc explain --artifact FILE:LINE`: what of the policy a line of an artifact comes from.
void explain_artifact(Session& session);

/// "policy/web.macc:12" taken apart; nullopt when it is no file and line.
struct FileLine {
  std::string file;
  std::uint32_t line = 0;
};
[[nodiscard]] std::optional<FileLine> file_line_of(const std::string& text);

}  // namespace macc::driver
