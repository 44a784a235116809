// The two policies that `macc diff` compares: files, folders, or what a revision of git holds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/driver/revision.h"
#include "compiler/driver/session.h"
#include "compiler/ir/meaning.h"

namespace macc::driver {

/// One of the two policies, as it was read.
struct Side {
  std::string name;                    ///< as the user named it
  std::unique_ptr<Revision> revision;  ///< where it is one
  std::unique_ptr<Environment> environment;
  std::unique_ptr<Session> own;        ///< null where the run's own session is used
  std::unique_ptr<ir::Policy> policy;  ///< stays where it is when this is moved: the meaning refers to it
  std::unique_ptr<ir::Meaning> meaning;
  std::vector<paths::PathPattern> sensitive;  ///< paths that a reader should see first

  [[nodiscard]] std::string place(const Session& session, Span span) const {
    return span.valid() ? (own ? *own : session).sources.describe(span) : "";
  }
};

/// The older and the newer policy that the operands name, or nothing after a report. What is newer and lies in files is
/// read in `session` itself, so that findings show its lines; the other one has a session of its own. `session` has to
/// outlive both. Throws std::runtime_error where there is no place for temporary files.
[[nodiscard]] std::optional<std::pair<Side, Side>> read_sides(Session& session);

}  // namespace macc::driver
