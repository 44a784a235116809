// Applying fixes to policies.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "compiler/base/mended_text.h"
#include "compiler/driver/session.h"

namespace macc::driver {

/// Makes fixes in rounds. A round changes the texts that the loader gives; the caller then looks again at what is left,
/// and takes the round back when the policies have errors with it. No file changes before write().
class Fixes {
 public:
  explicit Fixes(Session& session) : session_(session) {}

  /// Makes those fixes for whose diagnostics `wanted` holds and that do not touch the same places, `limit` at most.
  /// Returns how many those are.
  std::size_t make(const std::vector<Diagnostic>& diagnostics, const std::function<bool(const Diagnostic&)>& wanted,
                   std::size_t limit);
  /// Everything is as before the last round. A fix that was alone in it is not tried again.
  void take_back();
  /// The file that has taken the place of this one.
  [[nodiscard]] FileId now(FileId file) const;
  /// How many fixes would have led to errors.
  [[nodiscard]] std::size_t refused() const { return refused_.size(); }

  /// Adds the changes in unified form to session.out.
  void show() const;
  /// Writes the changed files, each whole or not at all, and says in session.out what was fixed.
  void write();

 private:
  struct Done {
    Span place;  ///< in the first text
    std::string description;
    Code code{};
    friend bool operator<(const Done& a, const Done& b) { return a.place < b.place; }
  };
  struct State {
    FileId now;
    MendedText text;
    std::vector<Done> done;
  };
  using Key = std::tuple<FileId, std::uint32_t, std::uint32_t, std::string>;

  [[nodiscard]] FileId first(FileId file) const;
  [[nodiscard]] Key key_of(const Diagnostic& d) const;
  void put(FileId first, State& state, const std::string& text);

  Session& session_;
  std::map<FileId, State> files_, before_;  // by the file that was read first
  std::map<FileId, FileId> firsts_;         // of all that took its place
  std::set<Key> round_, refused_;
};

}  // namespace macc::driver
