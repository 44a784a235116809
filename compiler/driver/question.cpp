#include "compiler/driver/question.h"

namespace macc::driver {

namespace {

bool is_path(const std::string& word) {
  return word.starts_with('/') || word.starts_with("~/") || word.starts_with('@');
}

std::string quoted(const std::string& path) {
  std::string out = "\"";
  for (const char c : path) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// The words of one argument: an argument may hold a whole phrase.
std::vector<std::string> split(const std::string& argument) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : argument) {
    if (c != ' ' && c != '\t') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) out.push_back(std::move(word));
  return out;
}

/// A path with the comma behind it, as lists have them.
std::string with_quotes(const std::string& word) {
  if (!is_path(word)) return word;
  const bool comma = word.size() > 1 && word.back() == ',';
  return quoted(comma ? word.substr(0, word.size() - 1) : word) + (comma ? "," : "");
}

}  // namespace

std::string phrase_of(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& argument : words) {
    // Who writes quotes writes source. A path that stands alone may hold blanks.
    const bool source = argument.find('"') != std::string::npos;
    const std::vector<std::string> parts = source || is_path(argument) ? std::vector{argument} : split(argument);
    for (const std::string& part : parts) out += (out.empty() ? "" : " ") + (source ? part : with_quotes(part));
  }
  return out;
}

void Questions::add(const std::string& text) { files_.push_back(session_.loader.add("question", text)); }

// What the user wrote has a line of its own: that line is shown when something is wrong with it.

void Questions::about(const std::string& domain, const std::vector<std::string>& phrase) {
  add("test \"question\" { expect deny\n" + domain + " " + phrase_of(phrase) + "\n; }\n");
}

void Questions::name(const std::string& domain) {
  add("test \"question\" { expect deny\n" + domain + "\nlist \"/\"; }\n");
}

void Questions::about_anyone(const std::vector<std::string>& phrase) {
  add("never any\n" + phrase_of(phrase) + "\n;\n");
}

}  // namespace macc::driver
