#include "backends/selinux/link/lookup.h"

#include <fmt/format.h>
#include <selinux/label.h>
#include <selinux/selinux.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string_view>

#include "backends/selinux/link/bytes.h"
#include "backends/selinux/link/child.h"
#include "backends/selinux/link/homes.h"
#include "compiler/base/diagnostic.h"

namespace macc::backends::selinux {
namespace {

constexpr std::chrono::seconds kTimeLimit{60};

/// A folder of our own that is gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code error;
    path_ = std::filesystem::temp_directory_path(error).string() + "/macc-labels-XXXXXX";
    if (error || mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (good()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] bool good() const { return !path_.empty(); }
  [[nodiscard]] std::string file(std::string_view name) const { return fmt::format("{}/{}", path_, name); }
  [[nodiscard]] bool write(std::string_view name, std::string_view text) const {
    std::ofstream out(file(name), std::ios::binary);
    out << text;
    out.close();
    return out.good();
  }

 private:
  std::string path_;
};

mode_t mode_of(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::any:
      return 0;
    case ObjectKind::file:
      return S_IFREG;
    case ObjectKind::directory:
      return S_IFDIR;
    case ObjectKind::symlink:
      return S_IFLNK;
    case ObjectKind::socket:
      return S_IFSOCK;
    case ObjectKind::fifo:
      return S_IFIFO;
    case ObjectKind::char_device:
      return S_IFCHR;
    case ObjectKind::block_device:
      return S_IFBLK;
  }
  return 0;
}

// libselinux's callbacks have no argument of ours; this process does one lookup and ends.
std::string complaint;

int remember(int /*level*/, const char* format, ...) {
  std::array<char, 1024> text{};
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  complaint = text.data();
  return 0;
}

using Handle = std::unique_ptr<selabel_handle, void (*)(selabel_handle*)>;

Handle open_labels(const std::string& path, bool validate) {
  selinux_callback log{};
  log.func_log = remember;
  selinux_set_callback(SELINUX_CB_LOG, log);
  selinux_callback accept{};
  accept.func_validate = [](char**) { return 0; };
  selinux_set_callback(SELINUX_CB_VALIDATE, accept);
  const std::array<selinux_opt, 2> options = {
      {{SELABEL_OPT_PATH, path.c_str()}, {SELABEL_OPT_VALIDATE, validate ? path.c_str() : nullptr}}};
  return {selabel_open(SELABEL_CTX_FILE, options.data(), options.size()), selabel_close};
}

/// Error, then for each query whether there is a context, and which.
std::string look_up(const std::string& path, const std::vector<LookupQuery>& queries) {
  ByteWriter out;
  const Handle labels = open_labels(path, false);
  if (labels == nullptr) {
    out.text(fmt::format("the file contexts cannot be read: {}", complaint.empty() ? std::strerror(errno) : complaint));
    return out.take();
  }
  std::string error;
  ByteWriter found;
  for (const LookupQuery& query : queries) {
    char* context = nullptr;
    errno = 0;
    const bool matches =
        selabel_lookup_raw(labels.get(), &context, query.path.c_str(), static_cast<int>(mode_of(query.kind))) == 0;
    if (!matches && errno != ENOENT)
      error = fmt::format("a file context cannot be matched: {}", complaint.empty() ? std::strerror(errno) : complaint);
    found.text(matches ? context : "");
    freecon(context);
  }
  out.text(error);
  return out.take() + found.take();
}

LookupResult look_up_in(const SplitContexts& contexts, const std::string& local,
                        const std::vector<LookupQuery>& queries, const std::vector<LabelAlias>& aliases) {
  LookupResult result;
  const TemporaryFolder folder;
  if (!folder.good() || !folder.write("file_contexts", contexts.system) ||
      !folder.write("file_contexts.homedirs", contexts.homes) ||
      (!local.empty() && !folder.write("file_contexts.local", local)) ||
      !folder.write("file_contexts.subs_dist", to_file(aliases))) {
    result.error = "the file contexts cannot be written to a temporary folder";
    return result;
  }
  const ChildResult child = run_in_child([&] { return look_up(folder.file("file_contexts"), queries); }, kTimeLimit);
  if (child.status != ChildResult::Status::finished) {
    result.error = "libselinux " + describe(child);
    return result;
  }
  ByteReader in(child.output);
  result.error = printable(in.text(), 1000);
  for (std::size_t i = 0; i < queries.size() && result.error.empty(); ++i) {
    std::string context = in.text();
    result.contexts.push_back(context.empty() ? FoundContext() : FoundContext(std::move(context)));
  }
  if (!result.error.empty()) result.contexts.clear();
  return result;
}

/// The lines with their numbers for types; the lines themselves are added to `lines`.
std::string numbered(std::string_view text, std::vector<std::string>& lines) {
  std::string out;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    while (line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t context = line.find_last_of(" \t");
    if (context == std::string_view::npos || line.front() == '#') continue;
    (out += line.substr(0, context + 1)) += fmt::format("u:r:{}:s0\n", lines.size());
    lines.emplace_back(line);
  }
  return out;
}

}  // namespace

LookupResult lookup(const std::string& file_contexts, const std::vector<LookupQuery>& queries,
                    const std::vector<LabelAlias>& aliases, const std::string& local_file_contexts) {
  return look_up_in(split_contexts(file_contexts), local_file_contexts, queries, aliases);
}

LookupResult lookup(const Base& base, const std::vector<LookupQuery>& queries) {
  return lookup(base.file_contexts(), queries, base.label_aliases(), base.local_file_contexts());
}

DecidingEntries deciding_entries(const Base& base, const std::vector<LookupQuery>& queries) {
  // The order does not depend on contexts: each line gets its number for one.
  std::vector<std::string> lines;
  SplitContexts contexts = split_contexts(base.file_contexts());
  contexts.system = numbered(contexts.system, lines);
  contexts.homes = numbered(contexts.homes, lines);
  const std::string local = numbered(base.local_file_contexts(), lines);
  LookupResult found = look_up_in(contexts, local, queries, base.label_aliases());
  DecidingEntries entries;
  entries.error = std::move(found.error);
  for (const FoundContext& context : found.contexts) {
    std::optional<std::string>& line = entries.lines.emplace_back();
    if (context) line = lines.at(std::stoul(type_of_context(*context)));
  }
  return entries;
}

std::vector<BadPattern> bad_patterns(const std::vector<std::string>& patterns) {
  std::vector<BadPattern> bad;
  const TemporaryFolder folder;
  if (patterns.empty() || !folder.good()) return bad;
  const std::string path = folder.file("file_contexts");
  const auto work = [&] {
    ByteWriter out;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      complaint.clear();
      if (folder.write("file_contexts", patterns[i] + "\tuser:role:type:s0\n") && open_labels(path, true)) continue;
      out.number(i);
      out.text(complaint);
    }
    return out.take();
  };
  const ChildResult child = run_in_child(work, kTimeLimit);
  for (ByteReader in(child.output); !in.rest().empty() && in.good();) {
    const std::size_t index = in.number();
    std::string why = in.text();
    if (const std::size_t colon = why.find(path); colon != std::string::npos)
      why.replace(colon, path.size(), "file_contexts");
    while (why.ends_with('\n')) why.pop_back();
    if (in.good()) bad.push_back({index, printable(why, 300)});
  }
  return bad;
}

std::string type_of_context(const std::string& context) {
  const std::size_t role = context.find(':');
  const std::size_t type = role == std::string::npos ? role : context.find(':', role + 1);
  if (type == std::string::npos) return {};
  return context.substr(type + 1, context.find(':', type + 1) - type - 1);
}

}  // namespace macc::backends::selinux
