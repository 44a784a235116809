#include "backends/apparmor/network_numbers.h"

#include <algorithm>

namespace macc::backends::apparmor {

namespace {

struct Row {
  std::string_view word;
  unsigned number;
};
constexpr Row kFamilies[] = {
#define MACC_NETWORK_FAMILY(word, number) {word, number},
#define MACC_NETWORK_TYPE(word, number)
#include "backends/apparmor/network_numbers.def"
#undef MACC_NETWORK_FAMILY
#undef MACC_NETWORK_TYPE
};
constexpr Row kTypes[] = {
#define MACC_NETWORK_FAMILY(word, number)
#define MACC_NETWORK_TYPE(word, number) {word, number},
#include "backends/apparmor/network_numbers.def"
#undef MACC_NETWORK_FAMILY
#undef MACC_NETWORK_TYPE
};

template <class Table>
unsigned number_of(const Table& table, std::string_view word) {
  const auto it = std::find_if(std::begin(table), std::end(table), [&](const Row& row) { return row.word == word; });
  return it == std::end(table) ? kNoNumber : it->number;
}

template <class Table>
std::string word_of(const Table& table, unsigned number) {
  const auto it =
      std::find_if(std::begin(table), std::end(table), [&](const Row& row) { return row.number == number; });
  return it == std::end(table) ? std::to_string(number) : std::string(it->word);
}

}  // namespace

unsigned family_number(std::string_view word) { return number_of(kFamilies, word); }
unsigned type_number(std::string_view word) { return number_of(kTypes, word); }
std::string family_word(unsigned number) { return word_of(kFamilies, number); }
std::string type_word(unsigned number) { return word_of(kTypes, number); }

const std::vector<unsigned>& type_numbers() {
  static const std::vector<unsigned> list = [] {
    std::vector<unsigned> out;
    for (const Row& row : kTypes) out.push_back(row.number);
    return out;
  }();
  return list;
}

}  // namespace macc::backends::apparmor
