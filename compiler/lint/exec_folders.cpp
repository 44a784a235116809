#include "compiler/lint/exec_folders.h"

#include <algorithm>

namespace macc::lint {

std::optional<Reached> any_program(const Context& context, const Subject& subject, const Grant& grant) {
  for (const SensitiveList* folders : context.sensitive().with_prefix("program_folders")) {
    for (const SensitivePattern& folder : folders->patterns) {
      if (!near(grant.starts, folder.starts)) continue;
      const Use use{&grant, ir::Verb::load, true};
      if (auto values = subject.reach->reaches(use, folder.sample))
        return Reached{{}, folder.sample, std::move(*values)};
    }
  }
  return std::nullopt;
}

}  // namespace macc::lint
