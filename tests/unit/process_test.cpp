// Programs that macc runs: what they are given and what is kept of what they say.
#include "compiler/base/process.h"

#include <doctest/doctest.h>

using macc::ProcessResult;
using macc::run_process;

namespace {

constexpr std::chrono::seconds kLimit{60};

}  // namespace

TEST_CASE("a program reads its input while it writes") {
  const std::string input(std::size_t{4} << 20, 'x');
  const ProcessResult result = run_process({macc::find_program("cat")}, kLimit, {}, input);
  CHECK(result.status == 0);
  CHECK(result.out == input);
  CHECK_FALSE(result.cut);
}

TEST_CASE("a program need not read its input") {
  const std::string input(std::size_t{4} << 20, 'x');
  const ProcessResult result = run_process({macc::find_program("true")}, kLimit, {}, input);
  CHECK(result.end == ProcessResult::End::exited);
  CHECK(result.status == 0);
}

TEST_CASE("without input there is nothing to read") {
  const ProcessResult result = run_process({macc::find_program("cat")}, kLimit);
  CHECK(result.status == 0);
  CHECK(result.out.empty());
}

TEST_CASE("output that was cut off is known to be") {
  const ProcessResult result = run_process({macc::find_program("head"), "-c", "67108865", "/dev/zero"}, kLimit);
  CHECK(result.status == 0);
  CHECK(result.out.size() == std::size_t{64} << 20);
  CHECK(result.cut);
  CHECK_FALSE(run_process({macc::find_program("head"), "-c", "67108864", "/dev/zero"}, kLimit).cut);
}
