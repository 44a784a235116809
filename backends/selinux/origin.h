// Who asked for a permission: a place in the source, and whether the words there say so or a named baseline adds it.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/base/source.h"

namespace macc::backends::selinux {

/// Baseline::rule is none: the rule itself asks.
enum class Baseline : std::uint8_t {
#define MACC_BASELINE(name, key, text) name,
#include "backends/selinux/baselines.def"
#undef MACC_BASELINE
};

struct BaselineInfo {
  std::string_view key;   ///< "search-above"; stable
  std::string_view text;  ///< what it is, for people
};
[[nodiscard]] const BaselineInfo& info(Baseline baseline);

/// A plain Span is the rule at that place.
struct Origin {
  Origin() = default;
  Origin(Span span_) : span(span_) {}  // NOLINT(google-explicit-constructor): a place alone is the usual origin
  Origin(Span span_, Baseline baseline_) : span(span_), baseline(baseline_) {}

  Span span;
  Baseline baseline = Baseline::rule;

  friend bool operator==(const Origin&, const Origin&) = default;
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// Each once, in the order in which they came.
using Origins = std::vector<Origin>;
void add_origin(Origins& origins, const Origin& origin);
void add_origins(Origins& origins, const Origins& more);

}  // namespace macc::backends::selinux
