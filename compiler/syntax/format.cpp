#include "compiler/syntax/format.h"

#include <fmt/format.h>

#include <exception>
#include <vector>

#include "compiler/syntax/items.h"
#include "compiler/syntax/layout.h"
#include "compiler/syntax/marks.h"
#include "compiler/syntax/reading.h"

namespace macc::syntax {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Lines end as the first one of the file does.
std::string_view line_end_of(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

class Writer {
 public:
  Writer(const Items& items, const Layout& layout, std::string_view line_end, std::size_t limit)
      : items_(items.list), layout_(layout), line_end_(line_end), limit_(limit) {}

  /// False when there would be more than the limit.
  bool write(std::string& out) {
    for (const Line& line : layout_.lines) {
      if (line.blank_before) out += line_end_;
      out.append(line.indent, ' ');
      for (std::uint32_t i = line.first; i <= line.last; ++i) {
        if (i != line.first) out.append(layout_.spaces[i], ' ');
        item(items_[i], i == line.first ? line.indent : items_[i].column, out);
        if (out.size() > limit_) return false;
      }
      out += line_end_;
    }
    return out.size() <= limit_;
  }

 private:
  void item(const Item& item, std::uint32_t column, std::string& out) const {
    if (item.kind == Item::Kind::block_comment && item.multiline()) {
      block_comment(item, column, out);
    } else {
      out += item.text;
    }
  }

  /// The further lines move with the first one.
  void block_comment(const Item& item, std::uint32_t column, std::string& out) const {
    const std::vector<std::string_view> lines = lines_of(item.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string_view line = lines[i];
      const bool last = i + 1 == lines.size();
      if (!last) line = trimmed_end(line);
      if (i > 0) {
        out += line_end_;
        line = moved(line, item.column, column, out);
      }
      out += line;
    }
  }

  /// Writes the indent of a line, and gives what is behind it. A line that is indented with tabs stays as it is.
  static std::string_view moved(std::string_view line, std::uint32_t from, std::uint32_t to, std::string& out) {
    const std::size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    if (spaces == line.size() || line[spaces] == '\t') return line;
    const std::size_t indent = spaces + to < from ? 0 : spaces + to - from;
    out.append(indent, ' ');
    return line.substr(spaces);
  }

  const std::vector<Item>& items_;
  const Layout& layout_;
  std::string_view line_end_;
  std::size_t limit_;
};

/// What must be the same before and after: all that the parser reads, and the comments where they stand in it.
struct Reading {
  std::vector<std::pair<std::size_t, std::string_view>> items;  // types and texts; of comments without the texts
  std::vector<std::string> comments;
  std::vector<std::string> docs;  // which comments document what depends on lines

  friend bool operator==(const Reading&, const Reading&) = default;
};

void add_docs(const std::vector<ast::Statement>& statements, std::vector<std::string>& out) {
  for (const ast::Statement& statement : statements) {
    out.push_back(statement.doc);
    if (const auto* branch = std::get_if<ast::IfStatement>(&statement.value)) {
      add_docs(branch->then, out);
      add_docs(branch->otherwise, out);
    }
    if (const auto* resource = std::get_if<ast::ResourceDecl>(&statement.value)) out.push_back(resource->doc);
    if (const auto* let = std::get_if<ast::LetDecl>(&statement.value)) out.push_back(let->doc);
  }
}

void add_docs(const ast::File& file, std::vector<std::string>& out) {
  for (const ast::Declaration& declaration : file.declarations) {
    std::visit(
        [&out](const auto& one) {
          if constexpr (requires { one.doc; }) out.push_back(one.doc);
          if constexpr (requires { one.body; }) add_docs(one.body, out);
        },
        declaration);
  }
}

/// Refers to the text that the items are of.
Reading reading_of(const Items& items) {
  Reading out;
  for (const Item& item : items.list) {
    out.items.emplace_back(item.type, item.is_comment() ? std::string_view() : item.text);
    if (item.is_comment()) out.comments.push_back(comment_text(item.text));
  }
  return out;
}

/// One run of the formatter.
class Formatter {
 public:
  Formatter(const SourceManager& sources, FileId file, Diagnostics& diagnostics, const Limits& limits)
      : sources_(sources), file_(file), diagnostics_(diagnostics), limits_(limits) {}

  std::optional<std::string> run() {
    const std::string& text = sources_.file(file_).text();
    std::string out(text.starts_with(kByteOrderMark) ? kByteOrderMark : "");
    std::optional<Reading> before;
    bool fits = true;
    const std::size_t errors = diagnostics_.error_count();
    const ast::File tree = read(sources_, file_, diagnostics_, limits_,
                                [&](Grammar::FileContext& parsed, const Tokens& tokens, const SourceText& source) {
                                  const Items items = items_of(tokens, source);
                                  before = reading_of(items);
                                  const Marks marks = marks_of(parsed, items);
                                  Layout layout = lay_out(items, marks);
                                  align(items, marks, layout);
                                  fits = Writer(items, layout, line_end_of(text), limits_.max_bytes).write(out);
                                });
    if (diagnostics_.error_count() != errors) return std::nullopt;
    if (!fits) {
      diagnostics_.report(Code::E0003, Span{file_, 0, 0},
                          fmt::format("the file in macc's form has more than {} bytes, which is the limit of a source",
                                      limits_.max_bytes));
      return std::nullopt;
    }
    if (before) add_docs(tree, before->docs);
    if (!before || (text != out && !reads_as(*before, out))) {
      diagnostics_
          .report(Code::E9019, Span{file_, 0, 0}, "macc itself failed: the formatted file would not mean the same")
          .note("this is a mistake in macc, not in the policy; the file is left as it is")
          .note("please report it with the file");
      return std::nullopt;
    }
    return out;
  }

 private:
  [[nodiscard]] bool reads_as(const Reading& before, const std::string& text) const {
    SourceManager sources;
    Diagnostics diagnostics;
    Reading after;
    const ast::File tree = read(sources, sources.add("formatted", text), diagnostics, limits_,
                                [&](Grammar::FileContext& /*parsed*/, const Tokens& tokens, const SourceText& source) {
                                  after = reading_of(items_of(tokens, source));
                                });
    add_docs(tree, after.docs);
    return !diagnostics.has_errors() && before == after;
  }

  const SourceManager& sources_;
  FileId file_;
  Diagnostics& diagnostics_;
  const Limits& limits_;
};

}  // namespace

std::optional<std::string> format(const SourceManager& sources, FileId file, Diagnostics& diagnostics,
                                  const Limits& limits) {
  return Formatter(sources, file, diagnostics, limits).run();
}

}  // namespace macc::syntax
