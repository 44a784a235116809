#include "tests/kernel/probe/operations.h"

#include <unistd.h>

#include <cerrno>

namespace macc::probe {

int error_of(long result) { return result < 0 ? errno : 0; }

namespace {

const Operation* find(const std::string& name) {
  for (const auto* list :
       {&file_operations(), &program_operations(), &socket_operations(), &process_operations(), &kernel_operations()}) {
    for (const Operation& operation : *list) {
      if (name == operation.name) return &operation;
    }
  }
  return nullptr;
}

}  // namespace

int try_operation(const std::vector<std::string>& words) {
  // A program that another one started, and that has nothing to do.
  if (words.empty()) return 0;
  const Operation* operation = find(words[0]);
  return operation == nullptr ? kBroken : operation->run({words.begin() + 1, words.end()});
}

}  // namespace macc::probe
