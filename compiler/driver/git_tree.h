// What a commit holds, as git stored it: no attribute, filter or conversion of line ends takes part.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/driver/git.h"

namespace macc::driver {

/// The files of a commit and of the submodules that it records. Paths are from the root of the repository on, with `/`
/// between their parts and none at the ends; the root itself is "". Where something stands in the way the answer is
/// nothing or false, and trouble() says what.
class GitTree {
 public:
  struct Place {
    enum class Kind : std::uint8_t { nothing, file, folder } kind = Kind::nothing;
    std::string path;                ///< no part of it is a link
    std::vector<std::string> links;  ///< that lead there, without links in their own folders
  };
  /// What policies are looked for in: a folder with all below it, or its own files only.
  enum class Reach : std::uint8_t { tree, files };
  /// Told of each file; false ends the reading.
  using Take = std::function<bool(const std::string& path, std::string_view content)>;

  /// `top` is the root of the repository in this system, below which submodules lie; `shown` is what messages call a
  /// path of the repository.
  GitTree(Git git, std::filesystem::path top, std::function<std::string(const std::string&)> shown)
      : top_(std::move(top)), shown_(std::move(shown)), repositories_{std::move(git)} {}

  [[nodiscard]] bool list(const std::string& commit) { return list(commit, 0, ""); }
  /// Follows links as the system does in a checkout, but none that leads out of the repository or nowhere.
  [[nodiscard]] std::optional<Place> resolve(const std::string& path);
  /// The files that project::walk() takes in a folder that resolve() gave, and hidden ones.
  [[nodiscard]] std::optional<std::vector<Place>> policies(const std::string& folder, Reach reach);
  /// Files that resolve() gave, in any order.
  [[nodiscard]] bool read(const std::vector<std::string>& paths, const Take& take);

  [[nodiscard]] const Trouble& trouble() const { return trouble_; }

 private:
  struct Entry {
    enum class Kind : std::uint8_t { file, link, submodule, folder } kind = Kind::file;
    std::string id;
    std::size_t repository = 0;
  };
  struct Blob {
    std::string id;
    std::size_t size = 0;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  using PathsOf = std::map<std::string, std::vector<std::string>>;  // by id

  bool list(const std::string& commit, std::size_t repository, const std::string& mount);
  bool add(std::string_view record, std::size_t repository, const std::string& mount);
  [[nodiscard]] bool holds(const std::string& folder) const;
  [[nodiscard]] std::optional<Entry::Kind> kind_at(const std::string& path) const;
  bool mount(const std::string& path);
  bool mount_in(const std::string& folder, Reach reach);
  const std::string* target(const std::string& link);
  bool read_links(std::vector<std::string> links);
  std::optional<Place> led(const std::vector<std::string>& links, std::string_view where);
  bool read_of(std::size_t repository, const PathsOf& wanted, const Take& take);
  std::optional<std::vector<Blob>> sizes(std::size_t repository, const PathsOf& wanted);
  bool read_batch(std::size_t repository, const std::vector<Blob>& blobs, const PathsOf& wanted, const Take& take);
  bool fail(std::string why, std::string advice = "", bool of_machine = false);

  std::filesystem::path top_;
  std::function<std::string(const std::string&)> shown_;
  std::vector<Git> repositories_;  // the commit's own first, then submodules
  Entries entries_;
  std::map<std::string, std::string> targets_;  // of links that were read
  std::size_t bytes_ = 0;                       // read so far
  Trouble trouble_;
};

/// The folder of a path in a repository; "" for its root.
[[nodiscard]] std::string parent_of(const std::string& path);

}  // namespace macc::driver
