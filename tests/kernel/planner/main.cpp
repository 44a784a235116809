// macc_kernel_plan CASES OUT: builds the project of all cases for its targets, writes what an administrator would
// install below OUT/TARGET, and to OUT/plan.json what is to be tried in a guest and what has to come of it.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/kernel/planner/plan.h"

namespace {

namespace fs = std::filesystem;

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (!out) throw std::runtime_error(file.string() + " cannot be written");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: macc_kernel_plan CASES OUT\n", stderr);
    return 2;
  }
  try {
    const macc::kernel::Plan plan = macc::kernel::plan_for(fs::absolute(arguments[1]).lexically_normal());
    const fs::path out = arguments[2];
    for (const auto& [target, artifacts] : plan.artifacts) {
      for (const auto& artifact : artifacts) write(out / target / artifact.path, artifact.content);
    }
    write(out / "plan.json", plan.json);
  } catch (const macc::kernel::BadCase& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "macc_kernel_plan: {}\n", error.what());
    return 3;
  }
  return 0;
}
