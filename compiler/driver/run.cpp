#include "compiler/driver/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "backends/backend.h"
#include "compiler/driver/history.h"
#include "compiler/driver/pages.h"
#include "compiler/driver/session.h"

namespace macc::driver {

namespace {

/// A terminal that is narrower than this is taken for one that does not say how wide it is.
constexpr std::size_t kLeastColumns = 40;

std::string version_text() {
  std::string out = fmt::format("macc {}\n", MACC_VERSION);
  for (const backends::Backend* b : backends::all()) {
    out += fmt::format("  backend {}: {}\n", b->name(), b->description());
  }
  return out + fmt::format("  built by {}, {}\n", MACC_COMPILER, MACC_BUILD_TYPE);
}

/// One of a few words, or a usage error with what may have been meant.
std::string choice(Session& session, Option option, const std::vector<std::string>& words) {
  const std::string& first = words.front();
  std::string given = session.arguments.value(option, first);
  if (std::find(words.begin(), words.end(), given) != words.end()) return given;
  const std::string_view name = option_table().at(static_cast<std::size_t>(option)).name;
  Diagnostic& d =
      session.diagnostics.report(Code::E0005, {}, fmt::format("`--{}` can't be `{}`", name, printable(given)));
  const std::string guess = did_you_mean(given, words);
  std::string list;
  for (const std::string& w : words) list += (list.empty() ? "`" : ", `") + w + "`";
  d.note(guess.empty() ? "it is one of " + list : fmt::format("did you mean `{}`? it is one of {}", guess, list));
  return first;
}

void dispatch(Session& session) {
  switch (*session.arguments.command) {
#define MACC_COMMAND(enumerator, word, operands, group, doc) \
  case Command::enumerator:                                  \
    run_##enumerator(session);                               \
    return;
#include "compiler/driver/commands.def"
#undef MACC_COMMAND
  }
}

/// What follows an option on a command line, however far that can be read.
std::vector<std::string_view> given_to(std::string_view option, const std::vector<std::string>& arguments) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (argument == option && i + 1 < arguments.size()) out.emplace_back(arguments[i + 1]);
    if (argument.starts_with(option) && argument.substr(option.size()).starts_with('='))
      out.push_back(argument.substr(option.size() + 1));
  }
  return out;
}

/// The last format that is named.
std::optional<report::Format> asked_format(const std::vector<std::string>& arguments) {
  std::optional<report::Format> format;
  for (const std::string_view word : given_to("--format", arguments))
    if (const auto known = report::format_of(word)) format = known;
  return format;
}

/// Likewise when something is coloured, where the command line broke off before it.
std::optional<std::string> asked_colour(const std::vector<std::string>& arguments) {
  std::optional<std::string> when;
  for (const std::string_view word : given_to("--color", arguments))
    if (word == "auto" || word == "always" || word == "never") when = std::string(word);
  return when;
}

/// How what is wrong is told: beside an answer in a format of its own, as text; where there is no answer, instead of
/// it.
report::Format format_of(const Session& session, const std::string& word) {
  const bool answered = session.arguments.command == Command::test && session.raw_out;
  if (answered && word == "junit") return report::Format::text;
  return report::format_of(word).value_or(report::Format::text);
}

void internal_error(Session& session, std::string_view what) {
  session.out.clear();
  session.raw_out = false;
  session.diagnostics.report(Code::E9019, {}, fmt::format("macc itself failed: {}", printable(what, 400)))
      .note("this is a mistake in macc, not in the policy; nothing was left half-written")
      .note("please report it with the policy and the command that led to it");
}

/// In order of place, each said once: two targets of one backend find the same.
std::vector<Diagnostic> in_order(Diagnostics& diagnostics) {
  diagnostics.sort();
  std::vector<Diagnostic> out;
  for (const Diagnostic& d : diagnostics.all()) {
    const auto same = [&d](const Diagnostic& o) {
      return o.code == d.code && o.primary.span == d.primary.span && o.message == d.message;
    };
    const std::size_t near = std::min<std::size_t>(out.size(), 16);
    if (std::none_of(out.end() - static_cast<std::ptrdiff_t>(near), out.end(), same)) out.push_back(d);
  }
  return out;
}

/// Which streams are coloured.
struct Colours {
  bool error = false, output = false;
};

Colours colours_of(const std::string& when, const Environment& environment) {
  if (when != "auto") return {when == "always", when == "always"};
  const bool wanted = !environment.no_color;
  return {wanted && environment.error_is_terminal, wanted && environment.output_is_terminal};
}

Outcome finish(Session& session, report::Format format, Colours colours) {
  const std::vector<Diagnostic> diagnostics = in_order(session.diagnostics);
  const std::filesystem::path& current = session.environment.current;
  const report::Report report{.sources = session.sources,
                              .diagnostics = diagnostics,
                              .targets = session.targets,
                              .exit_code = session.linting ? report::exit_code(diagnostics, session.linting->fail_on)
                                                           : report::exit_code(diagnostics),
                              .fail_on = session.linting ? session.linting->fail_on : Severity::error,
                              .version = MACC_VERSION,
                              .current = current,
                              .repository = repository_around(current),
                              .page = page_of};
  // What could not be looked at is told apart from what was found.
  const bool results = session.linting && report.exit_code <= report::kExitCheck;
  report::Style style{.colour = results ? colours.output : colours.error};
  // Lines of a source are cut to fit, where there is room for anything.
  if (const std::size_t columns = session.environment.columns; columns >= kLeastColumns) style.width = columns;
  const auto sink = report::make_sink(format, style);
  Outcome outcome;
  outcome.exit_code = report.exit_code;
  if (!sink->for_machines() && results) {
    outcome.out = session.preface + sink->render(report) + session.out;
  } else if (!sink->for_machines()) {
    outcome.err = sink->render(report);
    outcome.out = std::move(session.out);
  } else if (session.raw_out) {
    // An answer has a form of its own. What there is to say besides goes beside it.
    const bool silent = diagnostics.empty() && session.targets.empty();
    outcome.out = std::move(session.out);
    outcome.err = silent ? "" : sink->render(report);
  } else {
    outcome.out = sink->render(report);
  }
  return outcome;
}

}  // namespace

Outcome run(const std::vector<std::string>& arguments, const Environment& environment) {
  Diagnostics usage;
  Session session(parse_arguments(arguments, usage), environment);
  for (const Diagnostic& d : usage.all()) session.diagnostics.add(d);
  const std::string color = choice(session, Option::color, {"auto", "always", "never"});
  const std::string format_word = choice(session, Option::format, formats_of(session.arguments.command));
  const Colours colours = colours_of(color, environment);
  session.paint = report::Painter(colours.output);

  if (session.diagnostics.has_errors()) {
    // A program that asked for a format gets it, wherever the command line broke off.
    const Colours wanted = colours_of(asked_colour(arguments).value_or(color), environment);
    return finish(session, asked_format(arguments).value_or(format_of(session, format_word)), wanted);
  }
  if (session.arguments.help) return {report::kExitOk, help_text(session.arguments.command, environment.columns), ""};
  if (session.arguments.version) return {report::kExitOk, version_text(), ""};
  if (!session.arguments.command) return {report::kExitInput, "", help_text(std::nullopt, environment.columns)};
  try {
    dispatch(session);
  } catch (const std::exception& error) {
    internal_error(session, error.what());
  }
  if (session.kept) return std::move(*session.kept);
  Outcome outcome = finish(session, format_of(session, format_word), colours);
  if (session.keep) session.keep(outcome);
  return outcome;
}

}  // namespace macc::driver
