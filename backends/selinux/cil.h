// CIL as a typed tree and its writer. A symbol can hold only letters that CIL reads as one symbol, and a quoted text
// only bytes that cannot end it: nothing that comes from a policy can change the structure of what is written.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace macc::backends::selinux::cil {

/// One s-expression.
class Node {
 public:
  /// Throws std::invalid_argument for an empty text or a byte other than a letter, a digit, '_', '.', '-'.
  [[nodiscard]] static Node symbol(std::string_view text);
  /// A quoted text. Throws std::invalid_argument for a double quote, a newline or any other control byte.
  [[nodiscard]] static Node quoted(std::string_view text);
  [[nodiscard]] static Node list(std::vector<Node> items);
  /// A list of symbols.
  template <typename Range>
  [[nodiscard]] static Node symbols(const Range& texts) {
    std::vector<Node> items;
    for (const auto& text : texts) items.push_back(symbol(text));
    return list(std::move(items));
  }

  void add(Node item) { items_.push_back(std::move(item)); }
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<Node>& items() const { return items_; }

  friend bool operator==(const Node&, const Node&) = default;

 private:
  void append_to(std::string& out) const;

  bool list_ = false;
  std::string atom_;  // as it is written
  std::vector<Node> items_;
};

[[nodiscard]] bool is_symbol(std::string_view text);

inline Node to_node(Node node) { return node; }
template <typename T>
requires std::convertible_to<T, std::string_view> Node to_node(const T& text) { return Node::symbol(text); }

/// form("allow", source, target, ...): strings become symbols.
template <typename... Parts>
[[nodiscard]] Node form(Parts&&... parts) {
  std::vector<Node> items;
  items.reserve(sizeof...(parts));
  (items.push_back(to_node(std::forward<Parts>(parts))), ...);
  return Node::list(std::move(items));
}

/// Writes statements a line each, with marks that make libsepol name the line of the policy that they come from.
class Writer {
 public:
  /// A comment line; control bytes are replaced.
  void comment(std::string_view text);
  void blank() {
    out_ += '\n';
    ++lines_;
  }
  void write(const Node& statement);
  /// As write(), between marks. `file` is as mark_name() gives it; an empty one writes no marks.
  void write_at(const Node& statement, std::string_view file, unsigned line);
  /// Text of the raw door, which check_raw() has found whole, on lines of its own between marks.
  void write_raw(std::string_view text, std::string_view file, unsigned line);
  [[nodiscard]] const std::string& text() const { return out_; }
  /// How many lines it has.
  [[nodiscard]] std::uint32_t lines() const { return lines_; }

 private:
  void mark(std::string_view file, unsigned line);
  void end_mark();

  std::string out_;
  std::uint32_t lines_ = 0;
};

/// Whether the parentheses of a raw text are balanced and it holds no line mark. "" or what is wrong with it.
[[nodiscard]] std::string check_raw(std::string_view text);

/// The name of a source file as it can stand in a mark: bytes that could end it are replaced by '_'.
[[nodiscard]] std::string mark_name(std::string_view path);

}  // namespace macc::backends::selinux::cil
