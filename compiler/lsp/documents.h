// The texts that the editor has open.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/lsp/lines.h"

namespace macc::lsp {

/// The path of a `file:` URI; nullopt for other ones and for what is none.
[[nodiscard]] std::optional<std::filesystem::path> path_of_uri(std::string_view uri);

struct Document {
  std::string uri;             ///< as the editor writes it
  std::filesystem::path path;  ///< absolute, without links; for what is in no file a name that no file can have
  bool in_file = true;
  std::int64_t version = 0;
  std::string text;
};

class Documents {
 public:
  explicit Documents(Encoding encoding = Encoding::utf16) : encoding_(encoding) {}

  void open(const std::string& uri, std::int64_t version, std::string text);
  /// Applies the changes of a `textDocument/didChange` in order. Throws std::out_of_range when it is not open.
  void change(const std::string& uri, std::int64_t version, const Json& changes);
  /// False when it was not open.
  bool close(const std::string& uri);

  [[nodiscard]] const Document* find(const std::string& uri) const;
  [[nodiscard]] const Document* find(const std::filesystem::path& path) const;
  [[nodiscard]] const std::map<std::string, Document>& all() const { return by_uri_; }
  [[nodiscard]] Encoding encoding() const { return encoding_; }

 private:
  Encoding encoding_;
  std::map<std::string, Document> by_uri_;
};

}  // namespace macc::lsp
