#include "backends/selinux/file_context.h"

#include <array>
#include <cctype>
#include <string_view>
#include <variant>
#include <vector>

namespace macc::backends::selinux {
namespace {

using paths::PathPattern;

std::string hex(unsigned char byte) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

std::string escape(unsigned char byte) {
  if (std::isalnum(byte) != 0 && byte < 0x80) return std::string(1, static_cast<char>(byte));
  if (std::string_view("_/-:@%,=~").find(static_cast<char>(byte)) != std::string_view::npos && byte != 0)
    return std::string(1, static_cast<char>(byte));
  if (std::string_view(".+").find(static_cast<char>(byte)) != std::string_view::npos && byte != 0)
    return {'\\', static_cast<char>(byte)};
  return hex(byte);
}

std::string class_range(unsigned char first, unsigned char last) {
  return first == last ? hex(first) : hex(first) + "-" + hex(last);
}

/// A class never matches '/', NUL or newline, whatever was written.
std::string class_regex(const paths::CharClass& value) {
  std::array<bool, 256> in{};
  for (const auto& range : value.ranges)
    for (unsigned c = range.first; c <= range.last; ++c) in[c] = true;
  if (value.negated)
    for (bool& bit : in) bit = !bit;
  in[0] = in['\n'] = in['/'] = false;
  std::string out = "[";
  for (unsigned c = 0; c < 256; ++c) {
    if (!in[c]) continue;
    unsigned last = c;
    while (last + 1 < 256 && in[last + 1]) ++last;
    out += class_range(static_cast<unsigned char>(c), static_cast<unsigned char>(last));
    c = last;
  }
  return out == "[" ? "[^\\x01-\\xff]" : out + "]";
}

std::string sequence_regex(const paths::Sequence& atoms, bool whole_component);

std::string atom_regex(const paths::Atom& atom, bool alone) {
  if (const auto* literal = std::get_if<paths::Literal>(&atom.value)) {
    std::string out;
    for (char c : literal->bytes) out += escape(static_cast<unsigned char>(c));
    return out;
  }
  if (std::holds_alternative<paths::AnyChars>(atom.value)) return alone ? "[^/]+" : "[^/]*";
  if (std::holds_alternative<paths::AnyChar>(atom.value)) return "[^/]";
  if (const auto* chars = std::get_if<paths::CharClass>(&atom.value)) return class_regex(*chars);
  std::string out;
  for (const auto& choice : std::get<paths::Alternatives>(atom.value).choices)
    out += (out.empty() ? "(" : "|") + sequence_regex(choice, false);
  return out + ")";
}

std::string sequence_regex(const paths::Sequence& atoms, bool whole_component) {
  std::string out;
  for (const auto& atom : atoms) out += atom_regex(atom, whole_component && atoms.size() == 1);
  return out;
}

/// The components; a `**` between others is written with the slash before it, to keep the stem long.
std::string components_regex(const std::vector<paths::Component>& components) {
  std::string out;
  bool slash_written = false;
  for (std::size_t i = 0; i < components.size(); ++i) {
    if (components[i].any_depth) {
      const bool last = i + 1 == components.size();
      if (!slash_written) out += '/';
      out += last ? ".*" : "(.*/)?";
      slash_written = !last;
      continue;
    }
    if (!slash_written) out += '/';
    out += sequence_regex(components[i].atoms, true);
    slash_written = false;
  }
  return out;
}

bool has_meta(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (kContextMeta.find(text[i]) != std::string_view::npos)
      return true;
  }
  return false;
}

/// The first component is compared as text when it holds no meta character.
std::string guard_first_component(std::string regex) {
  const std::size_t end = regex.find('/', 1);
  const std::string_view first = std::string_view(regex).substr(0, end);
  const std::size_t at = first.find('\\');
  if (at == std::string_view::npos || has_meta(first)) return regex;
  const std::size_t length = first[at + 1] == 'x' ? 4 : 2;
  return regex.substr(0, at) + "(" + regex.substr(at, length) + ")" + regex.substr(at + length);
}

/// Hides the words of the home template by a group around their last letter, which keeps the stem long.
std::string hide_template_words(std::string regex) {
  for (std::string_view word : {"HOME_DIR", "HOME_ROOT", "USER", "ROLE"}) {
    for (std::size_t at = regex.find(word); at != std::string::npos; at = regex.find(word, at)) {
      const std::size_t last = at + word.size() - 1;
      regex = regex.substr(0, last) + "(" + regex[last] + ")" + regex.substr(last + 1);
    }
  }
  return regex;
}

std::string tail_regex(const PathPattern& pattern, const std::string& head) {
  if (pattern.tail() != paths::Tail::tree) return head.empty() ? "/" : head;
  if (head.empty()) return pattern.excludes_top() ? "/.+" : "/.*";
  return head + (pattern.excludes_top() ? "/.+" : "(/.*)?");
}

}  // namespace

std::string file_context_regex(const PathPattern& pattern) {
  std::string head = components_regex(pattern.components());
  if (pattern.anchor() == PathPattern::Anchor::home) return "HOME_DIR" + tail_regex(pattern, hide_template_words(head));
  return guard_first_component(hide_template_words(tail_regex(pattern, head)));
}

std::string sorted_behind(std::string regex, const ContextOrder& earlier) {
  ContextOrder own = context_order(regex);
  if (own.exact && !earlier.exact) return regex;
  if (own.exact != earlier.exact || own.stem < earlier.stem) return "";
  while (!(earlier < own)) {
    regex += "()";
    ContextOrder padded = context_order(regex);
    if (padded.exact != own.exact) return "";  // a pad would make an exact entry a pattern
    own = padded;
  }
  return regex;
}

}  // namespace macc::backends::selinux
