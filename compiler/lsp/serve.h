// The language server on two descriptors.
#pragma once

#include <string>

namespace macc::lsp {

struct End {
  bool orderly = false;  ///< the client asked for the end, and then ended it
  std::string trouble;   ///< why the input is no stream of messages; "" when it is one
};

/// Talks until the client has said goodbye or is gone. `version` is that of macc.
[[nodiscard]] End serve(int input, int output, const std::string& version);

}  // namespace macc::lsp
