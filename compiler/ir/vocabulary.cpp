#include "compiler/ir/vocabulary.h"

#include <array>

namespace macc::ir {

namespace {

struct VerbRow {
  Verb verb;
  std::string_view word;
  std::string_view objects;
};
constexpr std::array kVerbs = {
#define MACC_VERB(enumerator, word, objects, doc) VerbRow{Verb::enumerator, word, objects},
#include "compiler/ir/verbs.def"
#undef MACC_VERB
};

struct GroupRow {
  std::string_view word;
  VerbSet verbs;
};
const std::vector<GroupRow>& groups() {
  static const std::vector<GroupRow> rows = {
#define MACC_VERB_GROUP(word, ...) {word, VerbSet{__VA_ARGS__}},
#include "compiler/ir/verb_groups.def"
#undef MACC_VERB_GROUP
  };
  return rows;
}

template <typename Value>
struct WordRow {
  Value value;
  std::string_view word;
};
constexpr std::array kKinds = {
#define MACC_KIND(name, doc) WordRow<Kind>{Kind::name, #name},
#include "compiler/ir/kinds.def"
#undef MACC_KIND
};
constexpr std::array kCapabilities = {
#define MACC_CAPABILITY(name, number, doc) WordRow<Capability>{Capability::name, #name},
#include "compiler/ir/capabilities.def"
#undef MACC_CAPABILITY
};
constexpr std::array kSignals = {
#define MACC_SIGNAL(word, number) WordRow<Signal>{number, word},
#include "compiler/ir/signals.def"
#undef MACC_SIGNAL
};

template <typename Value, std::size_t N>
std::string_view word_in(const std::array<WordRow<Value>, N>& rows, Value value) {
  for (const auto& row : rows) {
    if (row.value == value) return row.word;
  }
  return {};
}

template <typename Value, std::size_t N>
std::optional<Value> value_in(const std::array<WordRow<Value>, N>& rows, std::string_view word) {
  for (const auto& row : rows) {
    if (row.word == word) return row.value;
  }
  return std::nullopt;
}

template <typename Value, std::size_t N>
std::vector<std::string> words_in(const std::array<WordRow<Value>, N>& rows) {
  std::vector<std::string> out;
  out.reserve(rows.size());
  for (const auto& row : rows) out.emplace_back(row.word);
  return out;
}

char letter(ObjectClass object) {
  switch (object) {
    case ObjectClass::file:
      return 'F';
    case ObjectClass::directory:
      return 'D';
    case ObjectClass::symlink:
      return 'L';
    case ObjectClass::fifo:
      return 'P';
    case ObjectClass::socket:
      return 'S';
    case ObjectClass::char_device:
      return 'C';
    case ObjectClass::block_device:
      return 'B';
  }
  return '\0';
}

}  // namespace

std::vector<Verb> VerbSet::list() const {
  std::vector<Verb> out;
  for (const VerbRow& row : kVerbs) {
    if (has(row.verb)) out.push_back(row.verb);
  }
  return out;
}

std::string_view word(Verb verb) { return kVerbs.at(static_cast<std::size_t>(verb)).word; }

bool applies_to(Verb verb, ObjectClass object) {
  return kVerbs.at(static_cast<std::size_t>(verb)).objects.find(letter(object)) != std::string_view::npos;
}

std::optional<VerbSet> verbs_of(std::string_view word) {
  for (const VerbRow& row : kVerbs) {
    if (row.word == word) return VerbSet{row.verb};
  }
  for (const GroupRow& row : groups()) {
    if (row.word == word) return row.verbs;
  }
  return std::nullopt;
}

std::vector<std::string> verb_words() {
  std::vector<std::string> out;
  for (const VerbRow& row : kVerbs) out.emplace_back(row.word);
  for (const GroupRow& row : groups()) out.emplace_back(row.word);
  return out;
}

std::string_view word(Kind kind) { return word_in(kKinds, kind); }
std::optional<Kind> kind_of(std::string_view word) { return value_in(kKinds, word); }
std::vector<std::string> kind_words() { return words_in(kKinds); }

std::string_view word(Capability capability) { return word_in(kCapabilities, capability); }
std::optional<Capability> capability_of(std::string_view word) { return value_in(kCapabilities, word); }
std::vector<std::string> capability_words() { return words_in(kCapabilities); }

std::string_view signal_word(Signal signal) { return word_in(kSignals, signal); }
std::optional<Signal> signal_of(std::string_view word) { return value_in(kSignals, word); }
std::vector<std::string> signal_words() { return words_in(kSignals); }

const std::vector<std::string>& family_words() {
  static const std::vector<std::string> words = {
#define MACC_FAMILY(word, doc) word,
#include "compiler/ir/families.def"
#undef MACC_FAMILY
  };
  return words;
}

const std::vector<std::string>& socket_type_words() {
  static const std::vector<std::string> words = {"stream", "dgram", "raw", "seqpacket", "rdm"};
  return words;
}

const std::vector<std::string>& mount_option_words() {
  static const std::vector<std::string> words = {
#define MACC_MOUNT_OPTION(word) word,
#include "compiler/ir/mount_options.def"
#undef MACC_MOUNT_OPTION
  };
  return words;
}

}  // namespace macc::ir
