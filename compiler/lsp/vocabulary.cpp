#include "compiler/lsp/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/ir/vocabulary.h"

namespace macc::lsp {

namespace {

std::string group_doc(ir::VerbSet verbs) {
  std::string out;
  for (const ir::Verb verb : verbs.list()) out += (out.empty() ? "" : ", ") + std::string(ir::word(verb));
  return "stands for " + out;
}

std::vector<DescribedWord> all_verbs() {
  std::vector<DescribedWord> out = {
#define MACC_VERB(enumerator, word, objects, doc) {word, doc},
#include "compiler/ir/verbs.def"
#undef MACC_VERB
  };
  for (const std::string& word : ir::verb_words()) {
    const auto same = [&](const DescribedWord& known) { return known.word == word; };
    if (std::none_of(out.begin(), out.end(), same)) out.push_back({word, group_doc(*ir::verbs_of(word))});
  }
  return out;
}

std::string doc_in(const std::vector<DescribedWord>& words, std::string_view word) {
  const auto at = std::find_if(words.begin(), words.end(), [&](const DescribedWord& row) { return row.word == word; });
  return at == words.end() ? "" : at->doc;
}

}  // namespace

const std::vector<DescribedWord>& verbs() {
  static const std::vector<DescribedWord> all = all_verbs();
  return all;
}

const std::vector<DescribedWord>& kinds() {
  static const std::vector<DescribedWord> all = {
#define MACC_KIND(name, doc) {#name, doc},
#include "compiler/ir/kinds.def"
#undef MACC_KIND
  };
  return all;
}

const std::vector<DescribedWord>& capabilities() {
  static const std::vector<DescribedWord> all = {
#define MACC_CAPABILITY(name, number, doc) {#name, doc},
#include "compiler/ir/capabilities.def"
#undef MACC_CAPABILITY
  };
  return all;
}

const std::vector<DescribedWord>& families() {
  static const std::vector<DescribedWord> all = {
#define MACC_FAMILY(word, doc) {word, doc},
#include "compiler/ir/families.def"
#undef MACC_FAMILY
  };
  return all;
}

std::string doc_of_verb(std::string_view word) { return doc_in(verbs(), word); }
std::string doc_of_kind(std::string_view word) { return doc_in(kinds(), word); }
std::string doc_of_capability(std::string_view word) { return doc_in(capabilities(), word); }
std::string doc_of_family(std::string_view word) { return doc_in(families(), word); }

}  // namespace macc::lsp
