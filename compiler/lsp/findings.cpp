#include "compiler/lsp/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <tuple>

#include "compiler/base/edits.h"
#include "compiler/base/mended_text.h"
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

Json edit_of(const Snapshot& snapshot, const Documents& documents, const std::vector<Edit>& edits) {
  std::map<FileId, std::vector<Edit>> files;
  for (const Edit& edit : edits) files[edit.span.file].push_back(edit);
  Json changes = Json::array();
  for (auto& [file, of_file] : files) {
    sort_by_place(of_file);
    close_gaps(snapshot.sources().file(file).text(), of_file);
    Json list = Json::array();
    for (const Edit& edit : of_file) {
      list.push_back(
          {{"range", snapshot.lines(file).range(edit.span.begin, edit.span.end)}, {"newText", edit.replacement}});
    }
    const std::string uri = snapshot.uri(file);
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

bool is_within(const std::vector<Edit>& edits, FileId file) {
  return std::all_of(edits.begin(), edits.end(), [&](const Edit& edit) { return edit.span.file == file; });
}

std::size_t errors_in(const Snapshot& snapshot) {
  const auto& all = snapshot.diagnostics();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.severity == Severity::error; }));
}

/// Two fixes can each leave a statement in an `if` for the other one: alone, the second takes the whole `if` out.
std::size_t empty_branches_in(const Snapshot& snapshot) {
  const auto& all = snapshot.diagnostics();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Diagnostic& d) { return d.code == Code::E0324; }));
}

/// Mends one text in rounds. Where a round leads to errors, smaller ones find out which fix it was.
class Mending {
 public:
  Mending(const Snapshot& snapshot, const Documents& documents, const Document& document)
      : documents_(documents), document_(document), now_(&snapshot), text_(document.text) {}

  MendedText run() {
    constexpr std::size_t kMaxRounds = 100;
    std::size_t limit = kAll;
    for (std::size_t round = 0; round < kMaxRounds; ++round) {
      std::vector<Edit> edits = choose(limit);
      if (edits.empty()) break;
      if (make(std::move(edits))) {
        limit = limit < kAll ? limit * 2 : kAll;
      } else {
        if (round_.size() == 1) refused_.insert(round_.front());
        limit = std::max<std::size_t>(round_.size() / 2, 1);
      }
    }
    return std::move(text_);
  }

 private:
  using Key = std::tuple<std::uint32_t, std::uint32_t, std::string>;
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max() / 2;

  std::vector<Edit> choose(std::size_t limit) {
    const FileId file = now_->file(document_);
    std::vector<Edit> out;
    round_.clear();
    for (const Diagnostic& d : now_->mendable()) {
      const auto& edits = d.fix->edits;
      Key key{edits.front().span.begin, edits.front().span.end, edits.front().replacement};
      if (round_.size() == limit || !is_within(edits, file) || refused_.contains(key) || !go_together(out, edits))
        continue;
      out.insert(out.end(), edits.begin(), edits.end());
      round_.push_back(std::move(key));
    }
    sort_by_place(out);
    return out;
  }

  /// False when the text is better off without these.
  bool make(std::vector<Edit> edits) {
    const MendedText before = text_;
    close_gaps(text_.text(), edits);
    text_.apply(edits);
    documents_.open(document_.uri, document_.version, text_.text());
    auto next = std::make_unique<const Snapshot>(now_->unit(), documents_, now_->depth());
    if (errors_in(*next) <= errors_in(*now_) && empty_branches_in(*next) <= empty_branches_in(*now_)) {
      now_ = next.get();
      kept_ = std::move(next);
      return true;
    }
    text_ = before;
    return false;
  }

  Documents documents_;
  const Document& document_;
  const Snapshot* now_;
  std::unique_ptr<const Snapshot> kept_;
  MendedText text_;
  std::vector<Key> round_;  // what is made in it
  std::set<Key> refused_;
};

}  // namespace

std::vector<Edit> safe_edits(const Snapshot& snapshot, const Documents& documents, const Document& document) {
  return Mending(snapshot, documents, document).run().edits(snapshot.file(document));
}

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
                  std::uint32_t end, const std::vector<std::string>& only,
                  const std::function<std::vector<Edit>()>& all_safe) {
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
  const std::vector<Edit> edits = all_safe();
  if (!edits.empty())
    out.push_back({{"title", "Apply all fixes that change nothing of what is allowed"},
                   {"kind", kFixAll},
                   {"edit", edit_of(snapshot, documents, edits)}});
  return out;
}

}  // namespace macc::lsp
