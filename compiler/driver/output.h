// Writes the files of one target: all of them or none, and never over a file that macc did not write.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.h"

namespace macc::driver {

struct OutputFile {
  std::string path;  ///< relative to the folder, without ".."
  std::string content;
};

/// The list of what macc wrote into a folder, with checksums, kept in that folder.
inline constexpr std::string_view kManifestName = ".macc-manifest.json";

/// How a path is shown in messages.
using Shown = std::function<std::string(const std::filesystem::path&)>;

/// Brings `folder` to hold `files`: creates it, writes each file beside its place and then renames them all; files of
/// an earlier run that are not among them any more are removed, if they are still as they were written. On an error
/// (reported) the folder is as before and the result is false. Two runs at once take turns.
[[nodiscard]] bool write_files(const std::filesystem::path& folder, const std::vector<OutputFile>& files,
                               const Shown& shown, Diagnostics& diagnostics);

/// Creates files that are not there yet, without a manifest: they belong to the user from then on. On an error
/// (reported), or when one of them exists, none is left.
[[nodiscard]] bool create_files(const std::filesystem::path& folder, const std::vector<OutputFile>& files,
                                const Shown& shown, Diagnostics& diagnostics);

/// Writes one file, whole or not at all, with the folders above it. What is there already is replaced only if
/// `may_replace` says so. On an error (reported) everything is as before and the result is false.
[[nodiscard]] bool write_file(const std::filesystem::path& path, const std::string& content,
                              const std::function<bool(const std::filesystem::path&)>& may_replace, const Shown& shown,
                              Diagnostics& diagnostics);
/// Replaces the content of a file that holds `before`, whole or not at all, and keeps its mode. Where `path` is a
/// symbolic link, the file that it leads to is replaced. On an error (reported), also when the file holds something
/// else by now, everything is as before and the result is false.
[[nodiscard]] bool replace_file(const std::filesystem::path& path, const std::string& before, const std::string& after,
                                const Shown& shown, Diagnostics& diagnostics);

/// Checksums (SHA-256, in hexadecimal) by path of what macc wrote into a folder. More than one while a run is under
/// way.
using Written = std::map<std::string, std::set<std::string>>;

/// From the folder's manifest. A manifest that macc can't have written counts as none: the result is empty.
[[nodiscard]] Written read_manifest(const std::filesystem::path& folder);

/// The bytes of a regular file; nullopt for anything else, symbolic links among them.
[[nodiscard]] std::optional<std::string> content_of(const std::filesystem::path& path);

}  // namespace macc::driver
