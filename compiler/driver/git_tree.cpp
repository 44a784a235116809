#include "compiler/driver/git_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "compiler/base/diagnostic.h"
#include "compiler/project/discovery.h"
#include "compiler/project/loader.h"

namespace macc::driver {

namespace fs = std::filesystem;

namespace {

constexpr int kMostLinks = 40;  // on one way, as in the kernel
constexpr std::size_t kLongestLink = 4096;
constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr std::size_t kBatchBytes = std::size_t{32} << 20;  // what git gives at once: run_process() keeps 64 MiB

/// The parts of what a link says. A `/` at the end counts: before it only a folder may stand.
std::deque<std::string> parts_of(std::string_view path) {
  std::deque<std::string> out;
  const bool folder = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) out.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  if (folder) out.emplace_back(".");
  return out;
}

bool is_sound(std::string_view path) {
  for (;;) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == path.size()) return true;
    path.remove_prefix(end + 1);
  }
}

std::string start_of(const std::string& folder) { return folder.empty() ? "" : folder + '/'; }

/// Whether policies are looked for in each folder on the way to a file, from a policy folder on.
bool in_walked_folders(std::string_view below) {
  for (std::size_t at = 0, end = 0; (end = below.find('/', at)) != std::string_view::npos; at = end + 1) {
    if (!project::is_walked_folder(below.substr(at, end - at))) return false;
  }
  return true;
}

/// Takes the text up to a sign, and the sign, from the start.
std::string_view take_until(std::string_view& text, char sign) {
  const std::size_t end = std::min(text.find(sign), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

std::optional<std::size_t> number(std::string_view text) {
  std::size_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

bool GitTree::fail(std::string why, std::string advice, bool of_machine) {
  trouble_ = {std::move(why), std::move(advice), of_machine};
  return false;
}

bool GitTree::list(const std::string& commit, std::size_t repository, const std::string& mount) {
  const ProcessResult listed = repositories_[repository].run({"ls-tree", "-r", "-z", "--full-tree", commit});
  if (!succeeded(listed)) return fail(complaint(listed), "", true);
  if (listed.cut) return fail("it holds too many files", "", true);
  for (std::string_view rest = listed.out; !rest.empty();) {
    if (!add(take_until(rest, '\0'), repository, mount)) return false;
  }
  // A tree that git did not make may have a file or a link where it has a folder as well.
  for (auto at = entries_.lower_bound(mount); at != entries_.end() && at->first.starts_with(mount); ++at) {
    if (at->second.kind != Entry::Kind::folder && holds(at->first))
      return fail(fmt::format("its tree is broken: `{}` is there twice", shown_(at->first)));
  }
  return true;
}

/// One line of `git ls-tree`: "100644 blob ID\tpath".
bool GitTree::add(std::string_view record, std::size_t repository, const std::string& mount) {
  std::string_view path = record;
  std::string_view head = take_until(path, '\t');
  const std::string_view mode = take_until(head, ' ');
  const std::string_view type = take_until(head, ' ');
  if (!is_sound(path) || (type != "blob" && type != "commit"))
    return fail(fmt::format("its tree is broken: `{}` is no path", printable(path)));
  using Kind = Entry::Kind;
  const Kind kind = type == "commit" ? Kind::submodule : mode == "120000" ? Kind::link : Kind::file;
  const auto [at, fresh] = entries_.try_emplace(mount + std::string(path), Entry{kind, std::string(head), repository});
  return fresh || fail(fmt::format("its tree is broken: `{}` is there twice", shown_(at->first)));
}

/// Whether something lies below a path.
bool GitTree::holds(const std::string& folder) const {
  const std::string start = start_of(folder);
  const auto at = entries_.lower_bound(start);
  return at != entries_.end() && at->first.starts_with(start);
}

/// What stands at a path without links before its last part.
std::optional<GitTree::Entry::Kind> GitTree::kind_at(const std::string& path) const {
  if (const auto entry = entries_.find(path); entry != entries_.end()) return entry->second.kind;
  return holds(path) ? std::optional(Entry::Kind::folder) : std::nullopt;
}

std::optional<GitTree::Place> GitTree::resolve(const std::string& path) {
  Place out{Place::Kind::folder, "", {}};
  std::deque<std::string> rest = parts_of(path);
  while (!rest.empty()) {
    const std::string part = std::move(rest.front());
    rest.pop_front();
    if (part == ".") continue;
    if (part == "..") {
      if (out.path.empty()) return led(out.links, "out of the git repository");
      out.path = parent_of(out.path);
      continue;
    }
    std::string here = start_of(out.path) + part;
    const auto kind = kind_at(here);
    if (!kind || (kind == Entry::Kind::file && !rest.empty())) return led(out.links, "to nothing in that revision");
    if (kind == Entry::Kind::link) {
      const std::string* to = target(here);
      if (to == nullptr) return std::nullopt;
      out.links.push_back(std::move(here));
      if (to->starts_with('/')) return led(out.links, "out of the git repository");
      if (out.links.size() > kMostLinks) return led(out.links, "in a circle");
      const std::deque<std::string> way = parts_of(*to);
      rest.insert(rest.begin(), way.begin(), way.end());
      continue;
    }
    if (kind == Entry::Kind::submodule && !rest.empty() && !mount(here)) return std::nullopt;
    if (kind == Entry::Kind::file) out.kind = Place::Kind::file;
    out.path = std::move(here);
  }
  return out;
}

/// There is nothing at a path: trouble where links led there.
std::optional<GitTree::Place> GitTree::led(const std::vector<std::string>& links, std::string_view where) {
  if (links.empty()) return Place{};
  fail(fmt::format("the link `{}` leads {}", shown_(links.front()), where));
  return std::nullopt;
}

/// What a link says; nullptr is trouble.
const std::string* GitTree::target(const std::string& link) {
  return read_links({link}) ? &targets_.at(link) : nullptr;
}

/// All at once: git is started for each reading.
bool GitTree::read_links(std::vector<std::string> links) {
  std::erase_if(links, [&](const std::string& path) { return targets_.contains(path); });
  return read(links, [&](const std::string& path, std::string_view content) {
    targets_.insert_or_assign(path, std::string(content));
    return content.size() <= kLongestLink ||
           fail(fmt::format("the link `{}` leads to nothing in that revision", shown_(path)));
  });
}

std::optional<std::vector<GitTree::Place>> GitTree::policies(const std::string& folder, Reach reach) {
  if (!mount_in(folder, reach)) return std::nullopt;
  std::vector<Place> out;
  std::vector<std::string> links;
  const std::string start = start_of(folder);
  for (auto at = entries_.lower_bound(start); at != entries_.end() && at->first.starts_with(start); ++at) {
    const std::string_view below = std::string_view(at->first).substr(start.size());
    if (!below.ends_with(project::kPolicySuffix) || !in_walked_folders(below)) continue;
    if (reach == Reach::files && below.find('/') != std::string_view::npos) continue;
    if (at->second.kind == Entry::Kind::file) out.push_back({Place::Kind::file, at->first, {}});
    if (at->second.kind == Entry::Kind::link) links.push_back(at->first);
  }
  if (!read_links(links)) return std::nullopt;
  for (const std::string& link : links) {
    const auto place = resolve(link);
    if (place && place->kind == Place::Kind::file) out.push_back(*place);
    if (!place && project::is_walked_file(link)) return std::nullopt;
  }
  return out;
}

/// Takes in the submodules in which policies of a folder are looked for, and what these have in them.
bool GitTree::mount_in(const std::string& folder, Reach reach) {
  if (kind_at(folder) == Entry::Kind::submodule && !mount(folder)) return false;
  if (reach == Reach::files) return true;
  const std::string start = start_of(folder);
  for (std::vector<std::string> found;; found.clear()) {
    for (auto at = entries_.lower_bound(start); at != entries_.end() && at->first.starts_with(start); ++at) {
      const bool walked = in_walked_folders(at->first.substr(start.size()) + '/');
      if (at->second.kind == Entry::Kind::submodule && walked) found.push_back(at->first);
    }
    if (found.empty()) return true;
    for (const std::string& path : found)
      if (!mount(path)) return false;
  }
}

/// Takes in the files of a submodule. Which repository gives the commit does not matter: its id says what it holds.
bool GitTree::mount(const std::string& path) {
  Entry& entry = entries_.at(path);
  const fs::path folder = top_ / path;
  const Git git(folder);
  std::error_code error;
  // In an empty folder git would answer for the repository around it.
  const ProcessResult below = git.run({"rev-parse", "--show-prefix"});
  const bool there = fs::is_directory(folder, error);
  if (there && !succeeded(below)) return fail(complaint(below), "", true);
  if (!there || !one_text(below).empty())
    return fail(fmt::format("the submodule `{}` is not checked out", shown_(path)),
                "`git submodule update --init` does that", true);
  if (!succeeded(git.run({"rev-parse", "--verify", "--quiet", "--end-of-options", entry.id + "^{commit}"})))
    return fail(fmt::format("the submodule `{}` lacks the commit {}", shown_(path), entry.id),
                fmt::format("fetch it there: `git -C {} fetch origin {}`", shown_(path), entry.id), true);
  entry.kind = Entry::Kind::folder;
  repositories_.push_back(git);
  return list(entry.id, repositories_.size() - 1, path + '/');
}

bool GitTree::read(const std::vector<std::string>& paths, const Take& take) {
  std::map<std::size_t, PathsOf> wanted;
  for (const std::string& path : paths) {
    const Entry& entry = entries_.at(path);
    wanted[entry.repository][entry.id].push_back(path);
  }
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& of) { return read_of(of.first, of.second, take); });
}

bool GitTree::read_of(std::size_t repository, const PathsOf& wanted, const Take& take) {
  const auto blobs = sizes(repository, wanted);
  if (!blobs) return false;
  std::vector<Blob> batch;
  std::size_t size = 0;
  for (const Blob& blob : *blobs) {
    if (size + blob.size > kBatchBytes) {
      if (!read_batch(repository, batch, wanted, take)) return false;
      batch.clear();
      size = 0;
    }
    batch.push_back(blob);
    size += blob.size;
  }
  return read_batch(repository, batch, wanted, take);
}

/// How large files are, before they are asked for: git gives them whole.
std::optional<std::vector<GitTree::Blob>> GitTree::sizes(std::size_t repository, const PathsOf& wanted) {
  std::string ids;
  for (const auto& [id, paths] : wanted) ids += id + '\n';
  const ProcessResult checked = repositories_[repository].run({"cat-file", "--batch-check"}, ids);
  if (!succeeded(checked)) return fail(complaint(checked), "", true), std::nullopt;
  std::vector<Blob> out;
  std::string_view rest = checked.out;
  for (const auto& [id, paths] : wanted) {
    // "ID blob SIZE", or "ID missing".
    std::string_view line = take_until(rest, '\n');
    const bool answers = take_until(line, ' ') == id && take_until(line, ' ') == "blob";
    const auto size = number(line);
    if (!answers || !size)
      return fail(fmt::format("git lacks the content of `{}`", shown_(paths.front())),
                  "the repository is damaged, or a clone in part: fetch it whole", true),
             std::nullopt;
    if (*size > project::kMaxFileBytes)
      return fail(fmt::format("`{}` is larger than {} MiB, the limit of a source file", shown_(paths.front()),
                              project::kMaxFileBytes >> 20U)),
             std::nullopt;
    if ((bytes_ += *size) > kMostBytes)
      return fail(fmt::format("its policies are larger than {} MiB together", kMostBytes >> 20U)), std::nullopt;
    out.push_back({id, *size});
  }
  return out;
}

bool GitTree::read_batch(std::size_t repository, const std::vector<Blob>& blobs, const PathsOf& wanted,
                         const Take& take) {
  std::string ids;
  for (const Blob& blob : blobs) ids += blob.id + '\n';
  const ProcessResult result = repositories_[repository].run({"cat-file", "--batch"}, ids);
  if (!succeeded(result) || result.cut) return fail(complaint(result), "", true);
  std::string_view rest = result.out;
  for (const Blob& blob : blobs) {
    const bool announced = take_until(rest, '\n') == fmt::format("{} blob {}", blob.id, blob.size);
    if (!announced || rest.size() <= blob.size) return fail("git gave something else than it was asked for", "", true);
    const std::string_view content = rest.substr(0, blob.size);
    rest.remove_prefix(blob.size + 1);
    for (const std::string& path : wanted.at(blob.id))
      if (!take(path, content)) return false;
  }
  return true;
}

}  // namespace macc::driver
