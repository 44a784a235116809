// `--fail-on` of `macc diff`: which changes fail, and which a file of allowed changes agrees to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/driver/session.h"
#include "compiler/project/allowances.h"
#include "compiler/query/difference.h"

namespace macc::driver {

struct ChangedItem;

class Gate {
 public:
  /// `level`: a choice of `--fail-on`.
  Gate(Session& session, std::string level) : session_(session), level_(std::move(level)) {}

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

  Session& session_;
  std::string level_;
  std::vector<project::AllowedChange> allowances_;
  std::vector<bool> used_;
  std::map<const void*, std::string> reasons_;
};

}  // namespace macc::driver
