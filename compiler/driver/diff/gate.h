// `--fail-on` of `macc diff`: which changes fail, and which a file of allowed changes agrees to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/driver/diff/sides.h"
#include "compiler/driver/session.h"
#include "compiler/project/allowances.h"
#include "compiler/query/difference.h"

namespace macc::driver {

struct ChangedItem;

class Gate {
 public:
  /// `after`: the newer policy, whose rules are named. `level`: a choice of `--fail-on`. Both sides outlive this.
  Gate(Session& session, const Side& after, std::string level)
      : session_(session), after_(after), level_(std::move(level)) {}

  /// Reads the file of `--allow`. False after a report.
  [[nodiscard]] bool read_allowances();
  /// Reports each change that fails, and each allowance for what did not change. `difference` has to outlive this.
  void check(const query::Difference& difference);

  /// Why a part of the difference is allowed; "" where it is not.
  [[nodiscard]] std::string reason(const void* of) const;
  [[nodiscard]] bool has_allowances() const { return !allowances_.empty(); }

 private:
  [[nodiscard]] bool fails(const ChangedItem& item) const;
  bool is_allowed(const ChangedItem& item);
  void refuse(const ChangedItem& item);
  /// The newer policy's lines can be shown only where it was read in the run's own session.
  [[nodiscard]] bool is_shown() const { return after_.own == nullptr; }

  Session& session_;
  const Side& after_;
  std::string level_;
  std::vector<project::AllowedChange> allowances_;
  std::vector<bool> used_;
  std::map<const void*, std::string> reasons_;
};

}  // namespace macc::driver
