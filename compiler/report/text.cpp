// The format for people.
#include <fmt/format.h>

#include <algorithm>

#include "compiler/report/cells.h"
#include "compiler/report/excerpt.h"
#include "compiler/report/sinks.h"

namespace macc::report {

namespace {

/// The lines of a text, each safe to print.
std::vector<std::string> safe_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(safe(line));
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

/// Writes one diagnostic.
class Writer {
 public:
  Writer(const SourceManager& sources, const Diagnostic& diagnostic, const Style& style)
      : sources_(sources), d_(diagnostic), style_(style), painter_(style.colour) {
    std::vector<Span> spans{d_.primary.span};
    for (const Label& label : d_.secondary) spans.push_back(label.span);
    if (d_.fix) {
      for (const Edit& edit : d_.fix->edits) spans.push_back(edit.span);
    }
    gutter_ = gutter_width(sources_, spans);
  }

  [[nodiscard]] std::string write() {
    headline();
    places();
    for (const Note& n : d_.notes) note(n);
    if (d_.fix) fix(*d_.fix);
    return std::move(out_);
  }

 private:
  void headline() {
    const std::string what = fmt::format("{}[{}]", word(d_.severity), info(d_.code).id);
    out_ += painter_(ink_of(d_.severity), what) + painter_(Ink::bold, ": " + safe(d_.message)) + "\n";
  }

  void arrow(std::string_view sign, Span span) {
    out_ += std::string(gutter_, ' ') + painter_(Ink::blue, sign) + " " + safe(sources_.describe(span)) + "\n";
  }

  /// The primary file's excerpt, then one for each other file.
  void places() {
    std::vector<Mark> rest;
    if (d_.primary.span.valid()) rest.push_back({d_.primary.span, d_.primary.text, true});
    for (const Label& label : d_.secondary) rest.push_back({label.span, label.text, false});
    bool first = true;
    while (!rest.empty()) {
      const FileId file = rest.front().span.file;
      std::vector<Mark> here;
      std::vector<Mark> others;
      for (Mark& mark : rest) (mark.span.file == file ? here : others).push_back(std::move(mark));
      arrow(first ? "-->" : ":::", here.front().span);
      out_ += excerpt(sources_.file(file), here, gutter_, ink_of(d_.severity), style_);
      first = false;
      rest = std::move(others);
    }
  }

  void sentence(std::string_view head, std::string_view text, Span span) {
    const std::string indent = std::string(gutter_, ' ');
    const std::vector<std::string> lines = safe_lines(text);
    out_ += indent + painter_(Ink::blue, " = ") + painter_(Ink::bold, head) + ": " + lines.front();
    for (std::size_t i = 1; i < lines.size(); ++i) out_ += "\n" + indent + "     " + lines[i];
    if (span.valid()) out_ += " (" + safe(sources_.describe(span)) + ")";
    out_ += "\n";
  }

  void note(const Note& n) { sentence("note", n.text, n.span); }

  /// The description, and how the line would read when the change is within one line.
  void fix(const Fix& f) {
    sentence("help", f.description, {});
    if (f.edits.size() != 1) return;
    const Edit& edit = f.edits.front();
    if (!edit.span.valid() || edit.replacement.find('\n') != std::string::npos) return;
    const SourceFile& file = sources_.file(edit.span.file);
    const std::uint32_t number = file.position(edit.span.begin).line;
    if (file.position(edit.span.end).line != number) return;
    std::string line(file.line(number));
    const std::size_t at = edit.span.begin - file.line_begin(number);
    if (at > line.size() || line.size() > style_.width) return;
    line.replace(at, edit.span.end - edit.span.begin, edit.replacement);
    out_ += painter_(Ink::green, fmt::format("{:>{}} +", number, gutter_)) + " " + safe(line) + "\n";
  }

  const SourceManager& sources_;
  const Diagnostic& d_;
  const Style& style_;
  Painter painter_;
  std::size_t gutter_ = 1;
  std::string out_;
};

class TextSink final : public Sink {
 public:
  explicit TextSink(Style style) : style_(style) {}

  [[nodiscard]] std::string render(const Report& report) const override {
    std::string out;
    const std::size_t shown = std::min(report.diagnostics.size(), style_.most);
    for (std::size_t i = 0; i < shown; ++i) out += Writer(report.sources, report.diagnostics[i], style_).write() + "\n";
    if (shown < report.diagnostics.size()) {
      out += fmt::format("{} more are not shown; `--format json` lists all\n\n", report.diagnostics.size() - shown);
    }
    const Counts counts = count(report.diagnostics);
    const std::string line = summary_line(counts);
    if (line.empty()) return out;
    const Painter painter(style_.colour);
    out += painter(ink_of(counts.errors != 0 ? Severity::error : Severity::warning), line) + "\n";
    return out + explain_hint(report.diagnostics);
  }
  [[nodiscard]] bool for_machines() const override { return false; }

 private:
  /// How to learn more about the first error; a mistake on the command line speaks for itself.
  static std::string explain_hint(const std::vector<Diagnostic>& diagnostics) {
    const auto first = std::find_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& d) {
      return d.severity == Severity::error && (d.primary.span.valid() || info(d.code).blame != Blame::input);
    });
    if (first == diagnostics.end()) return "";
    return fmt::format("`macc explain {}` says more about {}\n", info(first->code).id.substr(5),
                       count(diagnostics).errors == 1 ? "this error" : "the first error");
  }

  Style style_;
};

}  // namespace

std::unique_ptr<Sink> make_text_sink(Style style) { return std::make_unique<TextSink>(style); }

}  // namespace macc::report
