#include "backends/selinux/cil.h"

#include <algorithm>
#include <stdexcept>

namespace macc::backends::selinux::cil {
namespace {

bool symbol_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

bool is_symbol(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), symbol_byte); }

Node Node::symbol(std::string_view text) {
  if (!is_symbol(text)) throw std::invalid_argument("not a CIL symbol: " + std::string(text));
  Node node;
  node.atom_ = text;
  return node;
}

Node Node::quoted(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return c == '"' || control(c); }))
    throw std::invalid_argument("a CIL text cannot hold a quote or a control byte");
  Node node;
  node.atom_ = '"' + std::string(text) + '"';
  return node;
}

Node Node::list(std::vector<Node> items) {
  Node node;
  node.list_ = true;
  node.items_ = std::move(items);
  return node;
}

void Node::append_to(std::string& out) const {
  if (!list_) {
    out += atom_;
    return;
  }
  out += '(';
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i != 0) out += ' ';
    items_[i].append_to(out);
  }
  out += ')';
}

std::string Node::text() const {
  std::string out;
  append_to(out);
  return out;
}

void Writer::comment(std::string_view text) {
  out_ += "; ";  // never ";;*", which would be read as a mark
  for (char c : text) out_ += control(c) ? '?' : c;
  blank();
}

void Writer::write(const Node& statement) {
  out_ += statement.text();
  blank();
}

void Writer::mark(std::string_view file, unsigned line) {
  out_ += ";;* lmx " + std::to_string(line) + " \"" + mark_name(file) + '"';
  blank();
}

void Writer::end_mark() {
  out_ += ";;* lme";
  blank();
}

void Writer::write_at(const Node& statement, std::string_view file, unsigned line) {
  if (file.empty()) {
    write(statement);
    return;
  }
  mark(file, line);
  write(statement);
  end_mark();
}

void Writer::write_raw(std::string_view text, std::string_view file, unsigned line) {
  if (!file.empty()) mark(file, line);
  out_ += text;
  lines_ += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
  blank();
  if (!file.empty()) end_mark();
}

std::string check_raw(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      i = text.find_first_of("\"\n", i + 1);
      if (i == std::string_view::npos || text[i] == '\n') return "a quoted text is not closed on its line";
    } else if (text[i] == ';') {
      if (text.substr(i, 3) == ";;*") return "line marks are not allowed";
      i = std::min(text.find('\n', i), text.size());
    } else if (text[i] == '(') {
      ++depth;
    } else if (text[i] == ')' && --depth < 0) {
      return "a `)` closes nothing";
    }
  }
  return depth == 0 ? "" : "a `(` is not closed";
}

std::string mark_name(std::string_view path) {
  std::string name(path);
  for (char& c : name)
    if (c == '"' || control(c) || static_cast<unsigned char>(c) > 0x7e) c = '_';
  return name;
}

}  // namespace macc::backends::selinux::cil
