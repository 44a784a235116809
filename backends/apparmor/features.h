// What an AppArmor target mediates: kernel features, the policy ABI, and what its parser accepts. macc describes these
// itself, so that compiling needs no running AppArmor kernel and gives the same bytes on every machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::apparmor {

struct Features {
  std::string_view name;    ///< the word in macc.toml
  std::string_view doc;     ///< one line
  std::string_view abi;     ///< what the profile's `abi` line names
  std::string_view parser;  ///< version of apparmor_parser that ships with it
  bool dbus = false;
  bool unix_sockets = false;  ///< af_unix: addresses and peers of unix sockets
  bool outofband = false;
};

/// All targets in a fixed order; the first is the default.
[[nodiscard]] const std::vector<Features>& all_features();
/// nullptr for an unknown name.
[[nodiscard]] const Features* find_features(std::string_view name);

/// The text of a features file, as apparmor_parser reads it with --kernel-features.
[[nodiscard]] std::string kernel_features(const Features& features);
/// The text of the file that the profile's `abi` line names. AppArmor mediates what both know.
[[nodiscard]] std::string abi_features(const Features& features);

}  // namespace macc::backends::apparmor
