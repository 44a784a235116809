#include "compiler/driver/pages.h"

#include "diagnostic_pages.h"

namespace macc::driver {

std::string_view page_of(Code code) {
  for (const pages::EmbeddedFile& file : pages::diagnostic_pages()) {
    if (file.name.substr(0, file.name.find('.')) == info(code).id) return file.text;
  }
  return {};
}

}  // namespace macc::driver
