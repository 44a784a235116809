// Profiles for a newer apparmor_parser than the installed one: what of them it can read, and what stays unchecked.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/apparmor/lower.h"
#include "backends/apparmor/parser_version.h"

namespace macc::backends::apparmor {

class Unchecked {
 public:
  /// `installed` is what the parser says of itself. One that says nothing known is taken to be new enough.
  Unchecked(const LoweredPolicy& written, const Features& features, const SourceManager& sources,
            std::string_view installed);

  /// What the installed parser is to compile in the place of an artifact: itself, or the profile without the rules that
  /// it cannot read, line for line. nullopt for an artifact with such rules that is not what was written: nobody can
  /// say then whether it is as it should be.
  [[nodiscard]] std::optional<std::string> readable(const Artifact& artifact) const;
  /// The same without the author's own texts, which may be for the newer parser; nullopt where that is no excuse.
  [[nodiscard]] std::optional<std::string> readable_without_raw(const Artifact& artifact) const;
  /// Keeps what the parser said of texts that were left out then.
  void left_out_raw(const std::vector<std::string>& said);

  /// What cannot be read, and which version can: a sentence.
  [[nodiscard]] std::string unreadable() const;
  /// Makes of what passed something that was not checked, where there was something to leave out.
  void say(Verification& verification) const;

 private:
  struct Profile {
    std::string whole;                            ///< as it was written
    std::optional<std::string> readable = {};     ///< where not all of it can be read
    std::optional<std::string> without_raw = {};  ///< of these, without raw texts; where it has some
  };
  void add(const ProfileText& profile, const SourceManager& sources);

  std::string installed_, wanted_;
  std::optional<Version> version_;           ///< of the installed parser, where it is older than the target's
  std::map<std::string, Profile> profiles_;  ///< by path: those that the installed parser may not be able to read
  std::set<std::string_view> words_;         ///< keywords of the rules that it cannot read
  std::vector<std::string> notices_;
  bool raw_ = false;
};

}  // namespace macc::backends::apparmor
