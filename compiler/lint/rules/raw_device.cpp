#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void raw_device(Context& context) {
  for (const Subject& subject : context.subjects()) {
    each_hit(context, subject,
             {.lists = "raw_devices", .verbs = {ir::Verb::read, ir::Verb::write, ir::Verb::append, ir::Verb::ioctl}},
             [&](const Use& use, const Hit& hit) {
               report_hit(context, Code::L0211, subject, use, hit)
                   .note("a program that needs one device names it, and nothing else below /dev");
             });
  }
}

}  // namespace macc::lint::rules
