#include "tests/kernel/planner/policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "backends/backend.h"
#include "compiler/report/sink.h"
#include "compiler/sema/sema.h"
#include "stdlib/stdlib.h"
#include "tests/kernel/planner/phrases.h"

namespace macc::kernel {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPolicy = "policy.macc";

/// The standard library alone: a case imports nothing else.
class Library : public sema::ModuleFinder {
 public:
  explicit Library(SourceManager& sources) : sources_(sources) {}
  std::optional<sema::Found> find(const std::string& module) override {
    const auto text = stdlib::find(module);
    if (!text) return std::nullopt;
    const FileId file = sources_.add(std::string(kBundled) + module + ".macc", std::string(*text));
    return sema::Found{file, stdlib::tree(module, file)};
  }
  std::vector<std::string> known() const override { return stdlib::names(); }

 private:
  SourceManager& sources_;
};

std::string test_name(const Case& in) { return "the kernel, " + in.name; }

/// The expectations of a case, in the order of its operations and their phrases.
std::string test_text(const Case& in, const std::vector<Alternatives>& phrases) {
  std::string out = fmt::format("\ntest \"{}\" {{\n", test_name(in));
  for (std::size_t i = 0; i < in.operations.size(); ++i) {
    for (const auto& alternative : phrases[i]) {
      for (const Phrase& phrase : alternative) {
        out += fmt::format("  expect allow {} {};\n", in.operations[i].domain, phrase.text);
      }
    }
  }
  return out + "}\n";
}

const ir::Test& test_of(const ir::Policy& policy, const Case& in) {
  const auto it = std::find_if(policy.tests.begin(), policy.tests.end(),
                               [&](const ir::Test& t) { return t.name == test_name(in); });
  if (it == policy.tests.end()) throw BadCase(in.folder.string() + ": its operations were not understood");
  return *it;
}

std::vector<Asked> asked_of(const ir::Test& test, const std::vector<Alternatives>& phrases) {
  std::vector<Asked> out;
  auto expectation = test.expectations.begin();
  for (const Alternatives& alternatives : phrases) {
    Asked asked;
    for (const auto& alternative : alternatives) {
      asked.alternatives.emplace_back();
      for (const Phrase& phrase : alternative) {
        asked.domain = expectation->domain;
        asked.alternatives.back().push_back({phrase.text, phrase.tag, expectation->access});
        ++expectation;
      }
    }
    out.push_back(std::move(asked));
  }
  return out;
}

std::vector<Case> read_cases(const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / kPolicy)) folders.push_back(entry.path());
  }
  std::sort(folders.begin(), folders.end());
  std::vector<Case> out;
  out.reserve(folders.size());
  for (const fs::path& one : folders) out.push_back(read_case(one));
  return out;
}

void stop_on_errors(const SourceManager& sources, const Diagnostics& diagnostics) {
  if (diagnostics.has_errors()) throw BadCase(shown(sources, diagnostics));
}

}  // namespace

std::string shown(const SourceManager& sources, const Diagnostics& diagnostics) {
  const auto sink = report::make_sink(report::Format::text, {});
  return sink->render({.sources = sources, .diagnostics = diagnostics.all(), .targets = {}, .exit_code = 1});
}

std::unique_ptr<Build> compile(const fs::path& folder) {
  auto out = std::make_unique<Build>();
  Diagnostics diagnostics;
  const fs::path file = folder / project::kFileName;
  const FileId id = out->sources.add(file.string(), read_text(file));
  out->project = project::read(out->sources, id, folder, backends::all(), diagnostics);
  stop_on_errors(out->sources, diagnostics);

  out->cases = read_cases(folder);
  std::vector<sema::Root> roots;
  std::vector<std::vector<Alternatives>> phrases;
  for (const Case& one : out->cases) {
    phrases.emplace_back();
    for (const Operation& operation : one.operations) phrases.back().push_back(phrases_of(one, operation));
    const fs::path policy = one.folder / kPolicy;
    // The name in what is written must not depend on where the tests run.
    roots.push_back({out->sources.add(policy.string(), read_text(policy) + test_text(one, phrases.back()),
                                      (fs::path(one.name) / kPolicy).string()),
                     false});
  }
  Library library(out->sources);
  sema::Options options;
  for (const backends::Backend* backend : backends::all()) options.backends.emplace_back(backend->name());
  out->policy = sema::analyze(out->sources, roots, library, diagnostics, options);
  stop_on_errors(out->sources, diagnostics);
  out->meaning = std::make_unique<ir::Meaning>(out->policy);
  for (std::size_t i = 0; i < out->cases.size(); ++i) {
    out->asked.push_back(asked_of(test_of(out->policy, out->cases[i]), phrases[i]));
  }
  return out;
}

}  // namespace macc::kernel
