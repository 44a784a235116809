// Any bytes as a base file, and as the sections of one whose checksum is right. What is read must come out the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "backends/selinux/link/base_file.h"

namespace {

void check(std::string_view bytes) {
  using namespace macc::backends::selinux;
  Base::Data data;
  if (!read_base(bytes, data).empty()) return;
  const std::string written = write_base(data);
  Base::Data again;
  if (!read_base(written, again).empty() || write_base(again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check(bytes);
  check(macc::backends::selinux::seal_base(bytes));
  return 0;
}
