// JUnit's XML as Jenkins and GitLab read it: a test case for each finding and for each file without one. Both follow a
// case by its class and name, so that these hold no line.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/report/places.h"
#include "compiler/report/sinks.h"
#include "compiler/report/xml.h"

namespace macc::report {

namespace {

/// `policy/web.macc` as the class `macc.policy.web`: dots are what classes are grouped by.
std::string class_of(std::string file) {
  if (file.ends_with(".macc")) file.resize(file.size() - 5);
  std::replace(file.begin(), file.end(), '.', '_');
  std::replace(file.begin(), file.end(), '/', '.');
  const std::size_t start = file.find_first_not_of('.');
  return start == std::string::npos ? "macc" : "macc." + file.substr(start);
}

class Suite {
 public:
  explicit Suite(const Report& report) : report_(report), places_(report) {}

  [[nodiscard]] std::string write() {
    for (const Diagnostic& d : report_.diagnostics) add(d);
    add_clean_files();
    const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\"", cases_, failures_, errors_);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"macc\" {0}>\n  <testsuite name=\"macc\" "
        "{0}>\n{1}"
        "  </testsuite>\n</testsuites>\n",
        counts, out_);
  }

 private:
  void add(const Diagnostic& d) {
    const bool placed = d.primary.span.valid();
    const std::string file = placed ? places_.file(d.primary.span.file) : "";
    if (placed) with_findings_.insert(d.primary.span.file);
    const DiagnosticInfo& row = info(d.code);
    const std::string wording = sentences(report_.sources, d).front();
    open(file, unique(file, fmt::format("{} {}: {}", row.id, row.name, wording)));
    out_ += ">\n" + verdict(d, wording) + "    </testcase>\n";
  }

  void add_clean_files() {
    for (std::size_t i = 1; i <= report_.sources.count(); ++i) {
      const FileId id{static_cast<std::uint32_t>(i)};
      if (report_.sources.file(id).is_bundled() || with_findings_.contains(id)) continue;
      open(places_.file(id), "no findings");
      out_ += "/>\n";
    }
  }

  void open(const std::string& file, const std::string& name) {
    ++cases_;
    out_ += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", xml(class_of(file)), xml(name));
    if (!file.empty()) out_ += fmt::format(" file=\"{}\"", xml(file));
  }

  /// Two findings of a file may read alike.
  std::string unique(const std::string& file, const std::string& name) {
    const std::size_t n = ++names_[{file, name}];
    return n == 1 ? name : fmt::format("{} ({})", name, n);
  }

  /// What fails the run is a failure, or an error where the machine is to blame; the rest is output of a passed case.
  std::string verdict(const Diagnostic& d, const std::string& wording) {
    std::string body;
    if (d.primary.span.valid()) body = report_.sources.describe(d.primary.span) + "\n";
    for (const std::string& sentence : sentences(report_.sources, d)) body += sentence + "\n";
    if (!report_.fail_on || d.severity < *report_.fail_on) {
      return fmt::format("      <system-out>{}</system-out>\n", xml(body));
    }
    const bool machine = info(d.code).blame == Blame::environment;
    ++(machine ? errors_ : failures_);
    const std::string_view element = machine ? "error" : "failure";
    return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element, info(d.code).name, xml(wording),
                       xml(body));
  }

  const Report& report_;
  Places places_;
  std::string out_;
  std::size_t cases_ = 0, failures_ = 0, errors_ = 0;
  std::set<FileId> with_findings_;
  std::map<std::pair<std::string, std::string>, std::size_t> names_;
};

class JunitSink final : public Sink {
 public:
  [[nodiscard]] std::string render(const Report& report) const override { return Suite(report).write(); }
  [[nodiscard]] bool for_machines() const override { return true; }
};

}  // namespace

std::unique_ptr<Sink> make_junit_sink(Style /*style*/) { return std::make_unique<JunitSink>(); }

}  // namespace macc::report
