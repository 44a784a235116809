// Reads files into the source manager of a run, each one once.
#pragma once

#include <filesystem>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "compiler/base/diagnostic.h"

namespace macc::project {

class Loader {
 public:
  /// `current` is the folder against which names are shown and resolved; `input` is what "-" reads.
  Loader(SourceManager& sources, Diagnostics& diagnostics, std::filesystem::path current, std::istream& input)
      : sources_(sources), diagnostics_(diagnostics), current_(std::move(current)), root_(current_), input_(input) {}

  /// Reads a file, or standard input for "-". A file that was read before (by device and inode) gives the same id.
  /// Reports at `asked` and returns nullopt for what can't be read, isn't a regular file or pipe, or is too large.
  [[nodiscard]] std::optional<FileId> load(const std::filesystem::path& path, Span asked = {});
  /// What an editor holds of a file and has not saved: load() gives this text instead of the file's. The file need not
  /// be there yet. Before the first load().
  void hold(const std::filesystem::path& path, std::string text);
  /// The text that is held for a file; nullptr when the file itself counts.
  [[nodiscard]] const std::string* held(const std::filesystem::path& path) const;
  /// Another text for a file that was read: from now on load() gives its new id. The file itself stays as it is.
  [[nodiscard]] FileId replace(FileId file, std::string text);
  /// A text that is in no file: a module of the standard library.
  [[nodiscard]] FileId add(const std::string& shown, std::string text);

  /// The folder of the project, from which SourceFile::stable_path() is told; the current folder until it is set.
  void set_root(const std::filesystem::path& root) { root_ = root.lexically_normal(); }

  /// Files below `copy`, an absolute folder, are shown as if they lay below `original`, of which it is a copy.
  void show_as(std::filesystem::path copy, std::filesystem::path original) {
    copy_ = std::move(copy);
    original_ = std::move(original);
  }

  /// The path as a user would write it from the current folder.
  [[nodiscard]] std::string shown(const std::filesystem::path& path) const;
  [[nodiscard]] const std::filesystem::path& current() const { return current_; }
  [[nodiscard]] const SourceManager& sources() const { return sources_; }
  [[nodiscard]] Diagnostics& diagnostics() { return diagnostics_; }

 private:
  std::optional<FileId> refuse(const std::filesystem::path& path, Span asked, const std::string& why,
                               const std::string& instead = {});
  [[nodiscard]] std::string stable(const std::filesystem::path& path) const;
  std::nullopt_t too_large(const std::filesystem::path& path, Span asked);
  std::optional<FileId> read(std::istream& in, const std::filesystem::path& path, Span asked);
  [[nodiscard]] std::filesystem::path full(const std::filesystem::path& path) const;

  /// A text that counts instead of a file's.
  struct Held {
    std::string text;
    FileId id = FileId::none;  // once it was asked for
  };
  using Inode = std::pair<std::uint64_t, std::uint64_t>;
  std::optional<FileId> load_held(Held& held, const std::filesystem::path& path, Span asked);

  SourceManager& sources_;
  Diagnostics& diagnostics_;
  std::filesystem::path current_;
  std::filesystem::path root_;
  std::filesystem::path copy_, original_;
  std::istream& input_;
  std::map<Inode, FileId> by_inode_;
  std::map<Inode, Held> held_;              // of files that are there
  std::map<std::string, Held> held_fresh_;  // of those that are not: by absolute, normal path
  std::optional<FileId> standard_input_;
};

/// The largest file that is read, in bytes.
inline constexpr std::size_t kMaxFileBytes = 8U << 20U;

}  // namespace macc::project
