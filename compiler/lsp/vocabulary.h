// The words of the language with what each means, out of its tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace macc::lsp {

struct DescribedWord {
  std::string word;
  std::string doc;  ///< "" when the table says nothing
};

[[nodiscard]] const std::vector<DescribedWord>& verbs();  ///< groups as well
[[nodiscard]] const std::vector<DescribedWord>& kinds();
[[nodiscard]] const std::vector<DescribedWord>& capabilities();
[[nodiscard]] const std::vector<DescribedWord>& families();

/// "" for an unknown word.
[[nodiscard]] std::string doc_of_verb(std::string_view word);
[[nodiscard]] std::string doc_of_kind(std::string_view word);
[[nodiscard]] std::string doc_of_capability(std::string_view word);
[[nodiscard]] std::string doc_of_family(std::string_view word);

}  // namespace macc::lsp
