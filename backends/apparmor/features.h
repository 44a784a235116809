// What an AppArmor target mediates: kernel features, the policy ABI, and what its parser accepts. macc describes these
// itself (features.def), so that compiling needs no running AppArmor kernel and gives the same bytes on every machine;
// or they are read from a features file.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace macc::backends::apparmor {

/// Classes of rules: classes.def.
enum class Class : std::uint8_t {
#define MACC_CLASS(id, word, feature, mediated, open) id,
#include "backends/apparmor/classes.def"
#undef MACC_CLASS
};

struct ClassInfo {
  Class id;
  std::string_view word;      ///< in reports: "unix"
  std::string_view feature;   ///< its place in a features file: "network/af_unix"
  std::string_view mediated;  ///< one clause: what that means
  std::string_view open;      ///< one clause: what it means where it is not
};
/// In the order of classes.def.
[[nodiscard]] const std::vector<ClassInfo>& all_classes();

class Classes {
 public:
  Classes() = default;
  Classes(std::initializer_list<Class> list) {
    for (const Class c : list) add(c);
  }
  void add(Class c) { bits_ |= bit(c); }
  [[nodiscard]] bool has(Class c) const { return (bits_ & bit(c)) != 0; }
  friend bool operator==(const Classes&, const Classes&) = default;

 private:
  static std::uint32_t bit(Class c) { return std::uint32_t{1} << static_cast<unsigned>(c); }
  std::uint32_t bits_ = 0;
};

/// What a profile's `abi` line can name.
struct Abi {
  std::string_view name;          ///< "4.0"
  std::string_view first_parser;  ///< that ships with it
  Classes classes;                ///< that it knows
};
[[nodiscard]] const std::vector<Abi>& all_abis();
/// nullptr for an unknown name.
[[nodiscard]] const Abi* find_abi(std::string_view name);

struct Features {
  std::string name;       ///< the word in macc.toml, or the name of the file
  std::string doc;        ///< one line
  std::string abi;        ///< what the profile's `abi` line names: one of all_abis()
  std::string parser;     ///< version of apparmor_parser that ships with it
  Classes kernel;         ///< that the kernel mediates
  std::string text = {};  ///< of the features file that they were read from; "" for those of features.def

  /// AppArmor mediates what both the kernel and the ABI know.
  [[nodiscard]] bool mediates(Class c) const;
};

/// Those of features.def in their order; the first is the default.
[[nodiscard]] const std::vector<Features>& all_features();
/// nullptr for an unknown name.
[[nodiscard]] const Features* find_features(std::string_view name);

/// The text of a features file, as apparmor_parser reads it with --kernel-features.
[[nodiscard]] std::string kernel_features(const Features& features);
/// The text of the file that the profile's `abi` line names.
[[nodiscard]] std::string abi_features(const Features& features);

}  // namespace macc::backends::apparmor
