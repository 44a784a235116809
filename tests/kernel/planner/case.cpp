#include "tests/kernel/planner/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace macc::kernel {

namespace fs = std::filesystem;

namespace {

struct Line {
  std::size_t number = 0;
  std::string text;
  std::vector<std::string> words;
};

/// Words between blanks; what stands in double quotes is one word, `\"` and `\\` are the characters.
std::vector<std::string> split(const std::string& text, const std::string& place) {
  std::vector<std::string> words;
  bool inside = false, open = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (!inside && (c == ' ' || c == '\t')) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    if (c == '"') {
      inside = !inside;
      continue;
    }
    if (inside && c == '\\' && i + 1 < text.size()) c = text[++i];
    words.back() += c;
  }
  if (inside) throw BadCase(place + ": a quote is not closed");
  return words;
}

/// The texts that one with `{a,b}` outside of quotes stands for; the first brace varies slowest.
std::vector<std::string> expanded(const std::string& text) {
  bool inside = false;
  std::size_t open = 0;
  for (; open < text.size() && (inside || text[open] != '{'); ++open) {
    if (text[open] == '"') inside = !inside;
  }
  const std::size_t close = text.find('}', open);
  if (close == std::string::npos) return {text};
  std::vector<std::string> out;
  for (std::size_t begin = open + 1; begin <= close;) {
    const std::size_t end = std::min(text.find(',', begin), close);
    for (const std::string& rest : expanded(text.substr(close + 1))) {
      out.push_back(text.substr(0, open) + text.substr(begin, end - begin) + rest);
    }
    begin = end + 1;
  }
  return out;
}

std::string place_of(const fs::path& file, std::size_t line) { return fmt::format("{}:{}", file.string(), line); }

std::vector<Line> read_lines(const fs::path& file) {
  std::vector<Line> lines;
  std::istringstream in(read_text(file));
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string::npos || text[first] == '#') continue;
    for (const std::string& one : expanded(text.substr(first))) {
      lines.push_back({number, one, split(one, place_of(file, number))});
    }
  }
  return lines;
}

Thing thing_of(const Line& line) {
  Thing thing{line.words.front(), {}, {}, line.number};
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::string& word = line.words[i];
    const std::size_t sign = word.find('=');
    if (word.front() == '/' || word.front() == '@' || sign == std::string::npos) {
      thing.words.push_back(word);
    } else {
      thing.options[word.substr(0, sign)] = word.substr(sign + 1);
    }
  }
  return thing;
}

std::map<std::string, bool> switches_of(std::vector<std::string>& words, const std::string& place) {
  std::map<std::string, bool> out;
  const auto when = std::find(words.begin(), words.end(), "when");
  for (auto it = when; it != words.end() && ++it != words.end();) {
    const std::size_t sign = it->find('=');
    const std::string value = sign == std::string::npos ? "" : it->substr(sign + 1);
    if (value != "on" && value != "off") throw BadCase(place + ": behind `when` stand words like NAME=on");
    out[it->substr(0, sign)] = value == "on";
  }
  words.erase(when, words.end());
  return out;
}

Operation operation_of(const Line& line, const std::string& place) {
  std::vector<std::string> words = line.words;
  Operation out;
  out.line = line.number;
  out.text = line.text;
  out.booleans = switches_of(words, place);
  if (words.size() < 2 || !words.front().ends_with(':')) throw BadCase(place + ": expected `DOMAIN: OPERATION ...`");
  out.domain = words[0].substr(0, words[0].size() - 1);
  out.name = words[1];
  out.arguments.assign(words.begin() + 2, words.end());
  return out;
}

}  // namespace

std::string read_text(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw BadCase(file.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string Case::place(const Operation& operation) const { return place_of(folder / "operations", operation.line); }

Case read_case(const fs::path& folder) {
  Case out;
  out.name = folder.filename().string();
  out.folder = folder;
  for (const Line& line : read_lines(folder / "world")) out.world.push_back(thing_of(line));
  const fs::path operations = folder / "operations";
  for (const Line& line : read_lines(operations)) {
    out.operations.push_back(operation_of(line, place_of(operations, line.number)));
  }
  return out;
}

}  // namespace macc::kernel
