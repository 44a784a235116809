#include "tests/kernel/planner/phrases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace macc::kernel {

namespace {

struct Row {
  std::string_view name, parameters, phrases;
};

constexpr std::array kRows = {
#define MACC_OPERATION(name, parameters, phrases, doc) Row{#name, parameters, phrases},
#include "tests/kernel/operations.def"
#undef MACC_OPERATION
};

const Row& row_of(const Case& in, const Operation& operation) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == operation.name; });
  if (row == kRows.end()) {
    throw BadCase(fmt::format("{}: there is no operation `{}`", in.place(operation), operation.name));
  }
  if (row->parameters.size() != operation.arguments.size()) {
    throw BadCase(
        fmt::format("{}: `{}` takes {} arguments", in.place(operation), operation.name, row->parameters.size()));
  }
  return *row;
}

std::string argument(const Case& in, const Operation& operation, std::size_t index, char kind) {
  const std::string& text = operation.arguments.at(index);
  switch (kind) {
    case 'P':
    case 'U':
      return path_literal(text);
    case 'S':
      return domain_of_process(in, operation, text);
    default:
      return text;
  }
}

std::string filled(std::string_view phrase, const std::vector<std::string>& arguments) {
  std::string out;
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    if (phrase[i] == '$') {
      out += arguments.at(static_cast<std::size_t>(phrase[++i] - '1'));
    } else {
      out += phrase[i];
    }
  }
  return out;
}

std::vector<std::string_view> parts(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; (at = text.find(separator)) != std::string_view::npos;) {
    out.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  out.push_back(text);
  return out;
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/._-+@").find(c) != std::string_view::npos;
}

}  // namespace

std::string path_literal(const std::string& path) {
  std::string out = "\"";
  for (const char c : path) {
    out += is_plain(c) ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return out + "\"";
}

std::string parameters_of(const Case& in, const Operation& operation) {
  return std::string(row_of(in, operation).parameters);
}

std::string domain_of_process(const Case& in, const Operation& operation, const std::string& process) {
  for (const Thing& thing : in.world) {
    if (thing.kind == "process" && thing.words.size() >= 2 && thing.words[0] == process) return thing.words[1];
  }
  throw BadCase(fmt::format("{}: the world has no process `{}`", in.place(operation), process));
}

Alternatives phrases_of(const Case& in, const Operation& operation) {
  const Row& row = row_of(in, operation);
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < row.parameters.size(); ++i) {
    arguments.push_back(argument(in, operation, i, row.parameters[i]));
  }
  Alternatives out;
  for (const std::string_view alternative : parts(row.phrases, " | ")) {
    out.emplace_back();
    for (const std::string_view phrase : parts(alternative, " & ")) {
      const auto words = parts(phrase, " (");
      const std::string_view tag = words.size() > 1 ? words[1].substr(0, words[1].size() - 1) : "";
      out.back().push_back({filled(words[0], arguments), std::string(tag)});
    }
  }
  return out;
}

}  // namespace macc::kernel
