#include "compiler/driver/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

namespace macc::driver {

namespace {

bool is_path(const std::string& word) {
  return word.starts_with('/') || word.starts_with("~/") || word.starts_with('@');
}

/// What is escaped in a path is so in a policy, too, from which it may have been copied. Only a last backslash would
/// take the quote with it.
std::string quoted(const std::string& path) {
  std::string out = "\"";
  bool escaped = false;
  for (const char c : path) {
    if (c == '"' && !escaped) out += '\\';
    escaped = c == '\\' && !escaped;
    out += c;
  }
  return out + (escaped ? "\\\"" : "\"");
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

/// Paths with commas between them or behind them, as lists have them. A comma in braces is of the path itself.
std::string with_quotes(const std::string& word) {
  if (!is_path(word)) return word;
  int depth = 0;
  for (std::size_t i = 1; i < word.size(); ++i) {
    if (word[i] == '\\') {
      ++i;
      continue;
    }
    if (word[i] == '{') ++depth;
    if (word[i] == '}') --depth;
    if (word[i] != ',' || depth > 0) continue;
    const std::string rest = word.substr(i + 1);
    if (rest.empty()) return quoted(word.substr(0, i)) + ",";
    if (is_path(rest)) return quoted(word.substr(0, i)) + ", " + with_quotes(rest);
  }
  return quoted(word);
}

/// Visits what stands outside of quotes, from each character on, until one is taken; its place, or npos.
std::size_t find_outside_quotes(std::string_view text, const std::function<bool(std::string_view)>& takes) {
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_quotes && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_quotes = !in_quotes;
    } else if (!in_quotes && takes(text.substr(i))) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Where something stands that would end the question or hide a part of it.
std::size_t find_stray(std::string_view text) {
  return find_outside_quotes(text, [](std::string_view rest) {
    return rest.starts_with(';') || rest.starts_with("//") || rest.starts_with("/*");
  });
}

/// The first of these words that stands in a text; its size is 0 when there is none.
std::string_view find_word(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string_view found;
  find_outside_quotes(text, [&](std::string_view rest) {
    const std::size_t at = text.size() - rest.size();
    if (at != 0 && text[at - 1] != ' ') return false;
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (std::find(words.begin(), words.end(), word) != words.end()) found = word;
    return !found.empty();
  });
  return found;
}

/// A message about a phrase in words that fit a question, which no `;` ends.
std::string without_semicolon(std::string message) {
  constexpr std::string_view kEnd = "`;`";
  if (const std::size_t at = message.find(kEnd); at != std::string::npos)
    message.replace(at, kEnd.size(), "the end of the question");
  return message;
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

void Questions::add(const std::string& before, const std::string& given, const std::string& behind, bool about_anyone) {
  const FileId shown = session_.loader.add("question", given);
  if (refuse(shown, given, about_anyone)) return;
  const FileId read = session_.loader.add("question", before + given + behind);
  questions_.push_back({shown, read, static_cast<std::uint32_t>(before.size())});
}

bool Questions::refuse(FileId given, const std::string& text, bool about_anyone) {
  const auto at = [&](std::size_t begin, std::size_t size) {
    const auto byte = static_cast<std::uint32_t>(begin);
    return Span{given, byte, byte + static_cast<std::uint32_t>(size)};
  };
  if (const std::size_t stray = find_stray(text); stray != std::string::npos) {
    const bool end = text[stray] == ';';
    session_.diagnostics
        .report(Code::E0101, at(stray, end ? 1 : 2),
                end ? "a question is one phrase: nothing ends it" : "a question holds no comments")
        .note("a path with such a character stands between double quotes");
    return true;
  }
  const auto refuse_word = [&](std::string_view word, const std::string& why) {
    if (word.empty()) return false;
    session_.diagnostics.report(Code::E0101, at(static_cast<std::size_t>(word.data() - text.data()), word.size()), why);
    return true;
  };
  const std::string_view rule = find_word(text, {"allow", "audit", "deny", "expect", "never"});
  if (refuse_word(rule, fmt::format("a question says what is done, without `{}`", rule))) return true;
  const std::string_view when = about_anyone ? find_word(text, {"when"}) : std::string_view();
  return refuse_word(when, "`when` goes with `macc query may`: who may do it is said for all values of the booleans");
}

const Questions::Framed* Questions::framed(Span span) const {
  const auto it = std::find_if(questions_.begin(), questions_.end(),
                               [&](const Framed& question) { return question.read == span.file; });
  return it == questions_.end() ? nullptr : &*it;
}

Span Questions::shown(Span span) const {
  const Framed* question = framed(span);
  if (question == nullptr) return span;
  const auto size = static_cast<std::uint32_t>(session_.sources.file(question->given).text().size());
  const auto place = [&](std::uint32_t byte) {
    return std::min(std::max(byte, question->before) - question->before, size);
  };
  return {question->given, place(span.begin), place(span.end)};
}

Diagnostic Questions::shown(Diagnostic diagnostic) const {
  if (framed(diagnostic.primary.span) != nullptr) diagnostic.message = without_semicolon(std::move(diagnostic.message));
  diagnostic.primary.span = shown(diagnostic.primary.span);
  for (Label& label : diagnostic.secondary) label.span = shown(label.span);
  for (Note& note : diagnostic.notes) note.span = shown(note.span);
  if (diagnostic.fix) {
    for (Edit& edit : diagnostic.fix->edits) edit.span = shown(edit.span);
  }
  return diagnostic;
}

ir::Policy Questions::analyze(const Inputs& inputs) {
  std::vector<FileId> files;
  for (const Framed& question : questions_) files.push_back(question.read);
  ir::Policy policy = driver::analyze(session_, inputs, {}, files);
  const Diagnostics found = std::exchange(session_.diagnostics, {});
  std::vector<FileId> wrong;
  for (const Diagnostic& diagnostic : found.all()) {
    const Framed* question = framed(diagnostic.primary.span);
    // What is said after the first mistake of a question is about what macc put around it.
    if (question != nullptr && std::find(wrong.begin(), wrong.end(), question->read) != wrong.end()) continue;
    if (question != nullptr) wrong.push_back(question->read);
    session_.diagnostics.add(shown(diagnostic));
  }
  return policy;
}

bool Questions::is_domain(const std::string& name) {
  const auto in_name = [](char c) {
    return (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '_' || c == '.';
  };
  if (!name.empty() && std::all_of(name.begin(), name.end(), in_name)) return true;
  session_.diagnostics.report(Code::E0005, {}, fmt::format("`{}` is no name of a domain", printable(name)))
      .note("names are letters, digits and `_`, with dots between a module and its domain: `acme.web.server`");
  return false;
}

void Questions::about(const std::string& domain, const std::vector<std::string>& phrase) {
  if (!is_domain(domain)) return;
  add("test \"question\" { expect deny ", domain + " " + phrase_of(phrase), "; }\n");
}

void Questions::name(const std::string& domain) {
  if (is_domain(domain)) add("test \"question\" { expect deny ", domain, " list \"/\"; }\n");
}

void Questions::about_anyone(const std::vector<std::string>& phrase) {
  add("never any ", phrase_of(phrase), ";\n", true);
}

}  // namespace macc::driver
