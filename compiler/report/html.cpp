#include "compiler/report/html.h"

#include "compiler/report/cells.h"

namespace macc::report {

std::string html(std::string_view text) {
  std::string out;
  for (const char c : safe(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace macc::report
