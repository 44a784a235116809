#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void login_files_writable(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_hit(context, subject, {.lists = "login_files", .verbs = writing_verbs()}, [&](const Use& use, const Hit& hit) {
      report_hit(context, Code::L0205, subject, use, hit)
          .note("name the folder that the program keeps its files in, as `~/.local/share/NAME/**`");
    });
  }
}

}  // namespace macc::lint::rules
