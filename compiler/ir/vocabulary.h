// The words of the language as enumerations: file verbs, resource kinds, capabilities, signals. Each comes from one
// table (*.def), from which messages, documentation and backends take them too.
#pragma once

#include <bitset>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace macc::ir {

enum class Verb : std::uint8_t {
#define MACC_VERB(enumerator, word, objects, doc) enumerator,
#include "compiler/ir/verbs.def"
#undef MACC_VERB
};
inline constexpr std::size_t kVerbCount = 0
#define MACC_VERB(enumerator, word, objects, doc) +1
#include "compiler/ir/verbs.def"
#undef MACC_VERB
    ;

enum class ObjectClass : std::uint8_t { file, directory, symlink, fifo, socket, char_device, block_device };

/// A set of file verbs.
class VerbSet {
 public:
  VerbSet() = default;
  VerbSet(std::initializer_list<Verb> verbs) {
    for (Verb v : verbs) add(v);
  }
  [[nodiscard]] static VerbSet all() {
    VerbSet every;
    every.bits_.set();
    return every;
  }
  void add(Verb v) { bits_.set(static_cast<std::size_t>(v)); }
  void remove(Verb v) { bits_.reset(static_cast<std::size_t>(v)); }
  [[nodiscard]] bool has(Verb v) const { return bits_.test(static_cast<std::size_t>(v)); }
  [[nodiscard]] bool any() const { return bits_.any(); }
  [[nodiscard]] bool meets(VerbSet other) const { return (bits_ & other.bits_).any(); }
  [[nodiscard]] std::vector<Verb> list() const;  ///< in table order
  VerbSet& operator|=(VerbSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend VerbSet operator|(VerbSet a, VerbSet b) { return a |= b; }
  friend VerbSet operator&(VerbSet a, VerbSet b) {
    a.bits_ &= b.bits_;
    return a;
  }
  friend VerbSet operator-(VerbSet a, VerbSet b) {
    a.bits_ &= ~b.bits_;
    return a;
  }
  friend bool operator==(VerbSet, VerbSet) = default;

 private:
  std::bitset<kVerbCount> bits_;
};

[[nodiscard]] std::string_view word(Verb verb);
[[nodiscard]] bool applies_to(Verb verb, ObjectClass object);
/// The verbs of a word: one, or a group's ("change"); nullopt for an unknown word.
[[nodiscard]] std::optional<VerbSet> verbs_of(std::string_view word);
/// Every verb and group word, for messages.
[[nodiscard]] std::vector<std::string> verb_words();

enum class Kind : std::uint8_t {
#define MACC_KIND(name, doc) name,
#include "compiler/ir/kinds.def"
#undef MACC_KIND
};
[[nodiscard]] std::string_view word(Kind kind);
[[nodiscard]] std::optional<Kind> kind_of(std::string_view word);
[[nodiscard]] std::vector<std::string> kind_words();

enum class Capability : std::uint8_t {
#define MACC_CAPABILITY(name, number, doc) name = number,
#include "compiler/ir/capabilities.def"
#undef MACC_CAPABILITY
};
[[nodiscard]] std::string_view word(Capability capability);
[[nodiscard]] std::optional<Capability> capability_of(std::string_view word);
[[nodiscard]] std::vector<std::string> capability_words();

/// Signal numbers of x86 and arm; 0 is `exists`.
using Signal = std::uint8_t;
[[nodiscard]] std::string_view signal_word(Signal signal);
[[nodiscard]] std::optional<Signal> signal_of(std::string_view word);
[[nodiscard]] std::vector<std::string> signal_words();

/// Words of `socket FAMILY`, of its types, and of mount options.
[[nodiscard]] const std::vector<std::string>& family_words();
[[nodiscard]] const std::vector<std::string>& socket_type_words();
[[nodiscard]] const std::vector<std::string>& mount_option_words();

}  // namespace macc::ir
