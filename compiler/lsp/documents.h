// The texts that the editor has open.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/lsp/lines.h"

namespace macc::lsp {

/// The path of a `file:` URI; nullopt for other ones and for what is none.
[[nodiscard]] std::optional<std::filesystem::path> path_of_uri(std::string_view uri);

/// Folders that the client reaches through symbolic links: what is found in them is shown by the names it knows.
class Links {
 public:
  /// `real` is without links; `shown` is the client's name of the same folder.
  void add(std::filesystem::path real, std::filesystem::path shown);
  /// The first folder that holds it decides.
  [[nodiscard]] std::filesystem::path shown(const std::filesystem::path& path) const;

 private:
  std::vector<std::pair<std::filesystem::path, std::filesystem::path>> folders_;
  bool any_ = false;  // that has two names
};

struct Document {
  std::string uri;             ///< as the editor writes it
  std::filesystem::path path;  ///< absolute, without links; for what is in no file a name that no file can have
  bool in_file = true;
  std::int64_t version = 0;
  std::string text;
  std::filesystem::path folder = {};  ///< of the file, as the editor names it
};

class Documents {
 public:
  explicit Documents(Encoding encoding = Encoding::utf16) : encoding_(encoding) {}

  void open(const std::string& uri, std::int64_t version, std::string text);
  /// Applies the changes of a `textDocument/didChange` in order. Throws std::out_of_range when it is not open.
  void change(const std::string& uri, std::int64_t version, const Json& changes);
  /// False when it was not open.
  bool close(const std::string& uri);

  /// The folders of the workspace, as the client names them.
  void set_folders(std::vector<std::filesystem::path> folders) { folders_ = std::move(folders); }
  /// How the client reaches what is not open: through the folders of the workspace, or as the texts that are open.
  [[nodiscard]] Links links() const;

  [[nodiscard]] const Document* find(const std::string& uri) const;
  [[nodiscard]] const Document* find(const std::filesystem::path& path) const;
  [[nodiscard]] const std::map<std::string, Document>& all() const { return by_uri_; }
  [[nodiscard]] Encoding encoding() const { return encoding_; }

 private:
  Encoding encoding_;
  std::map<std::string, Document> by_uri_;
  std::vector<std::filesystem::path> folders_;
};

}  // namespace macc::lsp
