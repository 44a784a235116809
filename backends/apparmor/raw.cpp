// Raw apparmor texts: resources' names are replaced by their paths, the rest is the author's.
#include <fmt/format.h>

#include <algorithm>

#include "backends/apparmor/build.h"
#include "backends/apparmor/glob_set.h"

namespace macc::backends::apparmor {

namespace {

/// What belongs to the resource, as one glob, as rules on its name have it; nullopt after a diagnostic.
std::optional<Glob> paths_of(Build& build, const ir::RawText& raw, ir::ResourceId id) {
  const ir::Resource& resource = build.policy.resource(id);
  const bool plain = resource.paths.exclude.empty() && resource.inside.empty();
  const auto globs =
      plain ? std::optional(globs_of(resource.paths.include, Shape::both)) : globs_of(build.meaning.region(id));
  if (globs && !globs->empty()) return one_of(*globs);
  build.diagnostics
      .report(Code::E2004, raw.where.span,
              fmt::format("what belongs to `{}` cannot be written as AppArmor path patterns", resource.name))
      .note("write the paths out that are meant");
  return std::nullopt;
}

/// The text with a glob for each `${name}`, in quotes where it does not stand in some already; nullopt after a
/// diagnostic.
std::optional<std::string> with_paths(Build& build, const ir::RawText& raw) {
  std::string out;
  bool inside_quotes = false;
  for (std::size_t i = 0; i < raw.text.size(); ++i) {
    const std::size_t close = raw.text.compare(i, 2, "${") == 0 ? raw.text.find('}', i) : std::string::npos;
    const auto it =
        close == std::string::npos ? raw.resources.end() : raw.resources.find(raw.text.substr(i + 2, close - i - 2));
    if (it == raw.resources.end()) {
      out += raw.text[i];
      if (raw.text[i] == '\\' && i + 1 < raw.text.size())
        out += raw.text[++i];
      else if (raw.text[i] == '"')
        inside_quotes = !inside_quotes;
      continue;
    }
    const auto glob = paths_of(build, raw, it->second);
    if (!glob) return std::nullopt;
    out += inside_quotes ? render(*glob) : quoted(*glob);
    i = close;
  }
  return out;
}

/// Whether braces and quotes pair, so that the text ends in the profile in which it began. A `#` starts a comment only
/// where a word could start, which takes the parser's own scanner to tell: the text has to pair both ways.
bool pairs(const std::string& text, bool with_comments) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (quoted) {
      if (c == '\n') return false;
    } else if (c == '#' && with_comments) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth < 0) {
      return false;
    }
  }
  return depth == 0 && !quoted;
}

bool stays_inside(Build& build, const ir::RawText& raw) {
  if (pairs(raw.text, true) && pairs(raw.text, false)) return true;
  build.diagnostics.report(Code::E2011, raw.where.span, "this text would end its profile, or not end in it")
      .note("braces and quotes have to pair, in comments too");
  return false;
}

// ---- words that reach out of the profile ----

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// A word as the parser's scanner finds it, anywhere outside of quotes and comments, and what follows on its line.
struct Word {
  std::string_view text, rest;
};

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t line_end = std::min(text.find('\n', i), text.size());
    if (text[i] == '"') {
      i = std::min(text.find('"', i + 1), text.size() - 1) + 1;
    } else if (text[i] == '#' && !text.substr(i).starts_with("#include")) {
      i = line_end;
    } else if (is_blank(text[i]) || std::string_view(",{}").find(text[i]) != std::string_view::npos) {
      ++i;
    } else {
      const std::size_t end = std::min(text.find_first_of(" \t\r\n,{}\"<", i + 1), text.size());
      out.push_back({text.substr(i, end - i), text.substr(end, std::max(end, line_end) - end)});
      i = end;
    }
  }
  return out;
}

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether what follows an `include` is the `<name>` of a file below /etc/apparmor.d.
bool is_distribution_file(std::string_view rest) {
  rest = without_blanks(rest);
  for (const std::string_view word : {"if", "exists"}) {
    if (rest.starts_with(word)) rest = without_blanks(rest.substr(word.size()));
  }
  if (!rest.starts_with('<') || rest.find('>') == std::string_view::npos) return false;
  const std::string_view name = rest.substr(1, rest.find('>') - 1);
  return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos;
}

bool is_include(std::string_view word) { return word == "include" || word == "#include"; }

bool reaches_out(Build& build, const ir::RawText& raw) {
  const auto refuse = [&](std::string message, std::string note) {
    build.diagnostics.report(Code::E2011, raw.where.span, std::move(message)).note(std::move(note));
    return true;
  };
  for (const Word& word : words_of(raw.text)) {
    if (is_include(word.text) && !is_distribution_file(word.rest)) {
      return refuse("this text would include a file from outside of AppArmor's folder",
                    "`include <abstractions/NAME>` takes one from below /etc/apparmor.d");
    }
    if (word.text == "abi") return refuse("this text would choose another abi", "the target's `features` decide that");
    if (word.text == "profile" && without_blanks(word.rest).starts_with(':')) {
      return refuse("this text would put a profile into another namespace",
                    "a profile inside this one has a plain name");
    }
  }
  return false;
}

/// The lines of the text but for comments: what it grants or takes away, in its own words.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = without_blanks(text.substr(0, end));
    const bool comment = line.starts_with('#') && !line.starts_with("#include");
    if (!line.empty() && !comment && line != "}") out.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

void lower_one(Build& build, ir::DomainId id, const ir::RawText& raw) {
  if (!stays_inside(build, raw) || reaches_out(build, raw)) return;
  const auto text = with_paths(build, raw);
  if (!text) return;
  build.draft(id).add(Guard::always(), RawRule{*text}, {raw.where.span, "raw apparmor"});
  build.fidelity.add(id, "raw apparmor", raw.where.span, Topic::raw, lines_of(*text));
  build.diagnostics
      .report(Code::E2012, raw.where.span, "what this text grants or denies is no part of the policy's meaning")
      .note("promises and tests know nothing of it; report.json lists its rules");
}

}  // namespace

bool uses_distribution_files(const ir::Domain& domain) {
  return std::any_of(domain.raw.begin(), domain.raw.end(), [](const ir::RawText& raw) {
    if (raw.backend != "apparmor") return false;
    const auto words = words_of(raw.text);
    return raw.text.find("@{") != std::string::npos ||
           std::any_of(words.begin(), words.end(), [](const Word& w) { return is_include(w.text); });
  });
}

void lower_raw(Build& build, ir::DomainId id) {
  for (const ir::RawText& raw : build.policy.domain(id).raw) {
    if (raw.backend == "apparmor") lower_one(build, id, raw);
  }
}

}  // namespace macc::backends::apparmor
