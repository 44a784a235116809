// Bases: what a backend knows of the policy of a whole system, made once from that system and kept in a file. `macc
// base` imports them, asks them and compares them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::backends {

/// A part of an answer: rows of as many cells as there are columns.
struct Table {
  std::string key;    ///< stable, for programs: "file-contexts"
  std::string title;  ///< for people
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

struct BaseQuestion {
  std::string topic;  ///< an option's name: "path", "type", "attribute", "port", "boolean", "class"
  std::string value;
};

/// What a question led to. With a `problem` (a sentence) the rest counts for nothing.
struct BaseAnswer {
  std::string problem;
  std::vector<std::string> hints;    ///< to the problem: what may have been meant, what to do
  bool no_such_name = false;         ///< whether the base is there and `problem` is about a name that it does not have
  std::vector<std::string> notices;  ///< what one has to know about what the base does not hold
  std::vector<Table> tables;
};

/// Where a base is to be imported from. Everything may be "".
struct BaseSource {
  std::string from;                         ///< a folder or file; "": the system below `root`
  std::string policy;                       ///< the name of the system's policy; "": the configured one
  std::string root;                         ///< another system's root folder
  std::vector<std::string> leave_out = {};  ///< modules that are not to be in it
};

struct ImportedBase {
  std::string bytes;      ///< what the file is to hold
  std::string file_name;  ///< a good name for it
  BaseAnswer summary;     ///< its `problem`, when it could not be made
};

class BaseTool {
 public:
  BaseTool() = default;
  BaseTool(const BaseTool&) = delete;
  BaseTool& operator=(const BaseTool&) = delete;
  virtual ~BaseTool() = default;

  [[nodiscard]] virtual ImportedBase import(const BaseSource& source) const = 0;
  /// `which` is a file, or a word that a target may have for its base; "" is what a target has without any. Without a
  /// question: what the base is and how much is in it.
  [[nodiscard]] virtual BaseAnswer show(const std::string& which, const std::vector<BaseQuestion>& questions) const = 0;
  /// What only one of them has, or has otherwise; no tables when they are the same.
  [[nodiscard]] virtual BaseAnswer differences(const std::string& first, const std::string& second) const = 0;
  /// Whether a file is a base: only such a one is replaced.
  [[nodiscard]] virtual bool is_base(const std::string& path) const = 0;
};

}  // namespace macc::backends
