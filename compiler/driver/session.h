// What the parts of one run share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"
#include "compiler/driver/arguments.h"
#include "compiler/driver/run.h"
#include "compiler/project/loader.h"
#include "compiler/report/paint.h"
#include "compiler/report/sink.h"

namespace macc::driver {

struct Session {
  Session(Arguments arguments_, const Environment& environment_)
      : arguments(std::move(arguments_)),
        environment(environment_),
        loader(sources, diagnostics, environment_.current, environment_.input) {}

  /// Says what takes its time, to whoever waits at a terminal.
  void busy(std::string_view what) const {
    if (environment.busy) environment.busy(what);
  }

  Arguments arguments;
  const Environment& environment;
  SourceManager sources;
  Diagnostics diagnostics;
  project::Loader loader;
  std::string out;                             ///< results for people; dropped when the format is for machines
  report::Painter paint{false};                ///< for `out`, where people read it
  std::string preface;                         ///< of `out`: what has to be known before the findings of the linter
  bool raw_out = false;                        ///< `out` is data that was asked for and is never dropped
  std::vector<report::TargetOutcome> targets;  ///< results for machines
  /// What an earlier run with the same input ended with: this one ends so too, and nothing else here counts.
  std::optional<Outcome> kept;
  /// Where set: told what this run ended with, for a later one.
  std::function<void(const Outcome&)> keep;
  /// Set by the linter: diagnostics are its results, go to stdout, and fail the run from this severity on.
  struct Linting {
    std::optional<Severity> fail_on;
  };
  std::optional<Linting> linting;
};

// Each command reports to the session; the exit code comes from its diagnostics.
#define MACC_COMMAND(enumerator, word, operands, group, doc) void run_##enumerator(Session& session);
#include "compiler/driver/commands.def"
#undef MACC_COMMAND

}  // namespace macc::driver
