#include "compiler/report/excerpt.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compiler/report/cells.h"

namespace macc::report {

namespace {

/// The part of a drawn line that is shown.
struct Window {
  std::size_t from = 0;  ///< first column
  std::size_t to = 0;    ///< behind the last one
  bool cut_left = false, cut_right = false;

  [[nodiscard]] std::size_t shown(std::size_t column) const {
    const std::size_t inside = std::clamp(column, from, to) - from;
    return inside + (cut_left ? 3 : 0);
  }
};

/// A mark in columns of the drawn line.
struct Stroke {
  std::size_t begin = 0, end = 0;
  const Mark* mark = nullptr;
};

std::size_t line_width(const std::vector<Cell>& cells) {
  return cells.empty() ? 0 : cells.back().column + cells.back().width;
}

std::size_t column_of(const std::vector<Cell>& cells, std::size_t byte) {
  const auto it = std::find_if(cells.begin(), cells.end(), [byte](const Cell& c) { return c.byte >= byte; });
  return it == cells.end() ? line_width(cells) : it->column;
}

/// The bytes of a line that are drawn at all: of a line of megabytes only what can come into the window.
struct Slice {
  std::size_t begin = 0, end = 0;
};

Slice choose_slice(std::string_view line, std::size_t focus) {
  constexpr std::size_t kBefore = 4096;
  constexpr std::size_t kAfter = 8192;
  const auto inside = [line](std::size_t at) { return (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U; };
  Slice slice{focus > kBefore ? focus - kBefore : 0, std::min(line.size(), focus + kAfter)};
  while (slice.begin < focus && slice.begin > 0 && inside(slice.begin)) ++slice.begin;
  while (slice.end < line.size() && slice.end > focus && inside(slice.end)) --slice.end;
  return slice;
}

/// The byte of the line that the window is to show.
std::size_t focus_of(std::uint32_t line_begin, std::size_t length, const std::vector<const Mark*>& marks) {
  const auto main = std::find_if(marks.begin(), marks.end(), [](const Mark* mark) { return mark->primary; });
  const std::uint32_t at = main != marks.end() ? (*main)->span.begin : marks.empty() ? 0 : marks.front()->span.begin;
  return at > line_begin ? std::min<std::size_t>(at - line_begin, length) : 0;
}

/// `start` is the offset in the file of the first drawn byte, `length` counts the drawn bytes.
Stroke stroke_of(std::size_t start, std::size_t length, const std::vector<Cell>& cells, const Mark& mark) {
  const auto clip = [&](std::size_t offset) { return std::clamp(offset, start, start + length) - start; };
  Stroke stroke{column_of(cells, clip(mark.span.begin)), column_of(cells, clip(mark.span.end)), &mark};
  stroke.end = std::max(stroke.end, stroke.begin + 1);
  return stroke;
}

Window choose_window(const std::vector<Cell>& cells, std::size_t about, std::size_t width) {
  const std::size_t all = line_width(cells);
  if (all <= width) return {0, all + 1, false, false};
  Window window;
  window.from = about > width / 2 ? about - width / 3 : 0;
  window.to = std::min(window.from + width, all + 1);
  window.cut_left = window.from > 0;
  window.cut_right = window.to < all;
  return window;
}

std::string visible(const std::vector<Cell>& cells, const Window& window) {
  std::string out = window.cut_left ? "..." : "";
  std::size_t column = window.from;
  for (const Cell& cell : cells) {
    if (cell.column < window.from || cell.column + cell.width > window.to) continue;
    // A wide character that the window's edge cuts leaves a gap, which keeps the marks in place.
    if (cell.column > column) out.append(cell.column - column, ' ');
    out += cell.text;
    column = cell.column + cell.width;
  }
  if (window.cut_right) out += "...";
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

/// A row of characters with an ink each.
class Row {
 public:
  void put(std::size_t column, char c, Ink ink) {
    if (column >= text_.size()) {
      text_.resize(column + 1, ' ');
      inks_.resize(column + 1, Ink::plain);
    }
    text_[column] = c;
    inks_[column] = ink;
  }
  [[nodiscard]] std::size_t size() const { return text_.size(); }
  [[nodiscard]] std::string paint(const Painter& painter) const {
    std::string out;
    for (std::size_t i = 0; i < text_.size();) {
      std::size_t j = i;
      while (j < text_.size() && inks_[j] == inks_[i]) ++j;
      out += painter(inks_[i], std::string_view(text_).substr(i, j - i));
      i = j;
    }
    return out;
  }

 private:
  std::string text_;
  std::vector<Ink> inks_;
};

/// Draws one source line and the rows beneath it.
class LineDrawing {
 public:
  LineDrawing(const SourceFile& file, std::uint32_t line, const std::vector<const Mark*>& marks, Ink primary,
              const Style& style)
      : painter_(style.colour), primary_(primary) {
    const std::string_view whole = file.line(line);
    const std::size_t focus = focus_of(file.line_begin(line), whole.size(), marks);
    const Slice slice = choose_slice(whole, focus);
    cells_ = draw(whole.substr(slice.begin, slice.end - slice.begin));
    const std::size_t start = file.line_begin(line) + slice.begin;
    for (const Mark* mark : marks) strokes_.push_back(stroke_of(start, slice.end - slice.begin, cells_, *mark));
    window_ = choose_window(cells_, column_of(cells_, focus - slice.begin), style.width);
    window_.cut_left = window_.cut_left || slice.begin > 0;
    window_.cut_right = window_.cut_right || slice.end < whole.size();
    for (Stroke& stroke : strokes_) {
      stroke.begin = window_.shown(stroke.begin);
      stroke.end = std::max(window_.shown(stroke.end), stroke.begin + 1);
    }
    // From right to left, so that texts are stacked without crossing a connector. Equal starts: the primary last.
    std::stable_sort(strokes_.begin(), strokes_.end(), [](const Stroke& a, const Stroke& b) {
      return a.begin != b.begin ? a.begin > b.begin : a.mark->primary < b.mark->primary;
    });
  }

  /// The text behind the bar, with the space that parts them.
  [[nodiscard]] std::string source() const {
    const std::string text = visible(cells_, window_);
    return text.empty() ? "" : " " + text;
  }

  [[nodiscard]] std::vector<std::string> rows() const {
    std::vector<std::string> out;
    std::vector<const Stroke*> texts;
    for (const Stroke& stroke : strokes_) {
      if (!stroke.mark->text.empty()) texts.push_back(&stroke);
    }
    std::string first = underline().paint(painter_);
    if (!texts.empty() && texts.front()->end >= underline().size()) {
      first += " " + text_of(*texts.front());
      texts.erase(texts.begin());
    }
    out.push_back(std::move(first));
    if (!texts.empty()) out.push_back(connectors(texts, texts.size()).paint(painter_));
    for (std::size_t i = 0; i < texts.size(); ++i) out.push_back(text_row(texts, i));
    return out;
  }

 private:
  [[nodiscard]] Ink ink(const Stroke& stroke) const { return stroke.mark->primary ? primary_ : Ink::blue; }
  [[nodiscard]] std::string text_of(const Stroke& stroke) const {
    return painter_(ink(stroke), safe(stroke.mark->text));
  }

  [[nodiscard]] Row underline() const {
    Row row;
    for (const bool primary : {false, true}) {
      for (const Stroke& stroke : strokes_) {
        if (stroke.mark->primary != primary) continue;
        for (std::size_t c = stroke.begin; c < stroke.end; ++c) row.put(c, primary ? '^' : '-', ink(stroke));
      }
    }
    return row;
  }

  /// Bars beneath the strokes whose texts come in later rows: texts[from..].
  [[nodiscard]] Row connectors(const std::vector<const Stroke*>& texts, std::size_t count) const {
    Row row;
    for (std::size_t i = texts.size() - count; i < texts.size(); ++i) row.put(texts[i]->begin, '|', ink(*texts[i]));
    return row;
  }

  [[nodiscard]] std::string text_row(const std::vector<const Stroke*>& texts, std::size_t at) const {
    const Row bars = connectors(texts, texts.size() - at - 1);
    const std::size_t begin = texts[at]->begin;
    // A text that starts where another one's bar stands would cover it: it is moved behind the bar.
    const std::size_t gap = begin > bars.size() ? begin - bars.size() : bars.size() > begin ? 1 : 0;
    return bars.paint(painter_) + std::string(gap, ' ') + text_of(*texts[at]);
  }

  Painter painter_;
  Ink primary_;
  std::vector<Cell> cells_;
  std::vector<Stroke> strokes_;
  Window window_;
};

}  // namespace

std::size_t gutter_width(const SourceManager& sources, const std::vector<Span>& spans) {
  std::uint32_t last = 1;
  for (const Span& span : spans) {
    if (span.valid()) last = std::max(last, sources.position(span).line);
  }
  return std::to_string(last).size();
}

std::string excerpt(const SourceFile& file, const std::vector<Mark>& marks, std::size_t gutter, Ink primary,
                    const Style& style) {
  const Painter painter(style.colour);
  std::map<std::uint32_t, std::vector<const Mark*>> lines;
  for (const Mark& mark : marks) lines[file.position(mark.span.begin).line].push_back(&mark);

  const std::string bar = std::string(gutter, ' ') + painter(Ink::blue, " |");
  const auto number = [&](std::uint32_t n) { return painter(Ink::blue, fmt::format("{:>{}} |", n, gutter)); };
  std::string out = bar + "\n";
  std::uint32_t last = 0;
  for (const auto& [line, here] : lines) {
    if (last != 0 && line > last + 2) out += painter(Ink::blue, "...") + "\n";
    const LineDrawing drawing(file, line, here, primary, style);
    if (last != 0 && line == last + 2) {
      const LineDrawing between(file, line - 1, {}, primary, {false, style.width});
      out += number(line - 1) + between.source() + "\n";
    }
    out += number(line) + drawing.source() + "\n";
    for (const std::string& row : drawing.rows()) out += bar + " " + row + "\n";
    last = line;
  }
  return out;
}

}  // namespace macc::report
