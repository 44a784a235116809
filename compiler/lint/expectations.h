// `@expect("lint-name", reason = "...")`: findings that are meant.
#pragma once

#include <vector>

#include "compiler/lint/context.h"

namespace macc::lint {

class Expectations {
 public:
  explicit Expectations(const Input& input);

  /// Whether an annotation says that this finding is meant. A locked lint can't be silenced: the finding gets a note.
  /// An annotation of the standard library speaks for its own rules only.
  [[nodiscard]] bool take(Context::Found& found);

  /// Reports the annotations whose findings did not come, as far as that can be judged: those of lints that were looked
  /// for, in the policies that were looked at. Those that expect just this are judged last, when the others are known.
  void report_unfulfilled(Context& context, bool of_itself) const;

 private:
  struct Item {
    const ir::ExpectedLint* expected = nullptr;
    Code lint{};
    bool bundled = false;
    bool fulfilled = false;
  };
  [[nodiscard]] bool speaks_for(const Item& item, const Context::Found& found) const;
  [[nodiscard]] bool can_judge(const Item& item) const;

  const Input& input_;
  std::vector<Item> items_;
};

}  // namespace macc::lint
