// The sinks behind formats.def; only sink.cpp needs their names.
#pragma once

#include "compiler/report/sink.h"

namespace macc::report {

#define MACC_FORMAT(enumerator, word, scope, doc) \
  [[nodiscard]] std::unique_ptr<Sink> make_##enumerator##_sink(Style style);
#include "compiler/report/formats.def"
#undef MACC_FORMAT

}  // namespace macc::report
