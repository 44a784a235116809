#include "compiler/lsp/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/report/cells.h"

namespace macc::lsp {

namespace {

int severity_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return 1;
    case Severity::warning:
      return 2;
    case Severity::note:
      return 3;
  }
  return 3;
}

/// Where an editor can show it: its own place, or else the next one that is in a file, as the include of an abstraction
/// of the standard library. Invalid when there is none.
Span place_of(const Snapshot& snapshot, const Diagnostic& d) {
  const auto shown = [&](Span span) { return span.valid() && snapshot.is_file(span.file); };
  if (shown(d.primary.span)) return d.primary.span;
  for (const Label& label : d.secondary) {
    if (shown(label.span)) return label.span;
  }
  for (const Note& note : d.notes) {
    if (shown(note.span)) return note.span;
  }
  return {};
}

std::string message_of(const Diagnostic& d) {
  std::string out = d.message;
  if (!d.primary.text.empty()) out += fmt::format(" ({})", d.primary.text);
  for (const Note& note : d.notes) {
    if (!note.span.valid()) out += "\n" + note.text;
  }
  return report::valid_utf8(out);
}

Json related(const Snapshot& snapshot, const Diagnostic& d) {
  Json out = Json::array();
  const auto add = [&](Span span, const std::string& text) {
    if (!span.valid() || !snapshot.is_file(span.file)) return;
    out.push_back({{"location", snapshot.location(span)}, {"message", report::valid_utf8(text)}});
  };
  for (const Label& label : d.secondary) add(label.span, label.text);
  for (const Note& note : d.notes) add(note.span, note.text);
  return out;
}

Json json_of(const Snapshot& snapshot, const Diagnostic& d, Span place) {
  const Json start = {{"start", lsp::json_of(Point{})}, {"end", lsp::json_of(Point{})}};
  Json out = {{"range", place.valid() ? snapshot.lines(place.file).range(place.begin, place.end) : start},
              {"severity", severity_of(d.severity)},
              {"code", info(d.code).id},
              {"source", "macc"},
              {"message", message_of(d)}};
  Json more = related(snapshot, d);
  if (!more.empty()) out["relatedInformation"] = std::move(more);
  // An editor greys out what is not needed.
  constexpr int kUnnecessary = 1;
  if (info(d.code).name.starts_with("unused-") && d.primary.span.valid()) out["tags"] = {kUnnecessary};
  return out;
}

bool is_lint(Code code) { return find_lint(code) != nullptr; }

/// What a fix does, and that it is no mere tidying where it is none.
std::string title_of(const Diagnostic& d) {
  std::string title = d.fix->description;
  if (!title.empty() && title.front() >= 'a' && title.front() <= 'z') title.front() -= 'a' - 'A';
  if (is_lint(d.code) && !d.fix->safe) title += " (narrows what is allowed)";
  return report::valid_utf8(title);
}

bool touches(Span a, FileId file, std::uint32_t begin, std::uint32_t end) {
  return a.file == file && a.begin <= end && begin <= a.end;
}

bool overlap(Span a, Span b) { return a.file == b.file && a.begin <= b.end && b.begin <= a.end; }

Json edit_of(const Snapshot& snapshot, const Documents& documents, const std::vector<Edit>& edits) {
  std::map<std::string, Json> lists;
  for (const Edit& edit : edits) {
    Json& list = lists.try_emplace(snapshot.uri(edit.span.file), Json::array()).first->second;
    list.push_back({{"range", snapshot.lines(edit.span.file).range(edit.span.begin, edit.span.end)},
                    {"newText", edit.replacement}});
  }
  Json changes = Json::array();
  for (auto& [uri, list] : lists) {
    const Document* open = documents.find(uri);
    const Json version = open == nullptr ? Json() : Json(open->version);
    changes.push_back({{"textDocument", {{"uri", uri}, {"version", version}}}, {"edits", std::move(list)}});
  }
  return {{"documentChanges", std::move(changes)}};
}

bool is_wanted(const std::vector<std::string>& only, std::string_view kind) {
  // A kind that was asked for stands for those below it, too: `source` for `source.fixAll`.
  return only.empty() || std::any_of(only.begin(), only.end(), [&](const std::string& asked) {
           return kind == asked || (kind.starts_with(asked) && kind.substr(asked.size()).starts_with('.'));
         });
}

bool can_be_mended(const Snapshot& snapshot, const Diagnostic& d) {
  return d.fix && !d.fix->edits.empty() && std::all_of(d.fix->edits.begin(), d.fix->edits.end(), [&](const Edit& edit) {
           return edit.span.valid() && snapshot.is_file(edit.span.file);
         });
}

/// The safe fixes of a file that do not touch the same places.
std::vector<Edit> safe_edits(const Snapshot& snapshot, FileId file) {
  std::vector<Edit> out;
  for (const Diagnostic& d : snapshot.diagnostics()) {
    if (!can_be_mended(snapshot, d) || !d.fix->safe) continue;
    const auto& edits = d.fix->edits;
    const bool fits = std::all_of(edits.begin(), edits.end(), [&](const Edit& edit) {
      return edit.span.file == file &&
             std::none_of(out.begin(), out.end(), [&](const Edit& other) { return overlap(edit.span, other.span); });
    });
    if (fits) out.insert(out.end(), edits.begin(), edits.end());
  }
  return out;
}

}  // namespace

std::map<std::string, Json> published(const Snapshot& snapshot) {
  std::map<std::string, Json> out;
  for (const Diagnostic& d : snapshot.diagnostics()) {
    const Span place = place_of(snapshot, d);
    const std::string uri = place.valid() ? snapshot.uri(place.file) : snapshot.home();
    if (uri.empty()) continue;
    Json& list = out.try_emplace(uri, Json::array()).first->second;
    Json row = json_of(snapshot, d, place);
    // They are in order of place, so that what is said twice stands near.
    const auto near = list.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(list.size(), 16));
    if (std::find(near, list.end(), row) == list.end()) list.push_back(std::move(row));
  }
  return out;
}

Json code_actions(const Snapshot& snapshot, const Documents& documents, FileId file, std::uint32_t begin,
                  std::uint32_t end, const std::vector<std::string>& only) {
  Json out = Json::array();
  for (const Diagnostic& d : snapshot.diagnostics()) {
    if (!is_wanted(only, kQuickFix) || !can_be_mended(snapshot, d)) continue;
    const auto& edits = d.fix->edits;
    const bool here =
        touches(d.primary.span, file, begin, end) ||
        std::any_of(edits.begin(), edits.end(), [&](const Edit& edit) { return touches(edit.span, file, begin, end); });
    if (!here) continue;
    const Span place = place_of(snapshot, d);
    out.push_back({{"title", title_of(d)},
                   {"kind", kQuickFix},
                   {"diagnostics", Json::array({json_of(snapshot, d, place)})},
                   {"isPreferred", d.fix->safe},
                   {"edit", edit_of(snapshot, documents, edits)}});
  }
  if (!is_wanted(only, kFixAll)) return out;
  const std::vector<Edit> edits = safe_edits(snapshot, file);
  if (!edits.empty())
    out.push_back({{"title", "Apply all fixes that change nothing of what is allowed"},
                   {"kind", kFixAll},
                   {"edit", edit_of(snapshot, documents, edits)}});
  return out;
}

}  // namespace macc::lsp
