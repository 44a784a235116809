#include "compiler/lint/hits.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

namespace {

void look(Context& context, const Subject& subject, const Search& search) {
  each_hit(context, subject, search, [&](const Use& use, const Hit& hit) {
    report_hit(context, Code::L0203, subject, use, hit).note("name the files that the program reads, one by one");
  });
}

}  // namespace

void secret_readable(Context& context) {
  for (const Subject& subject : context.subjects()) {
    look(context, subject, {.lists = "secret_", .verbs = {ir::Verb::read}});
    look(context, subject, {.lists = "service_secret_", .verbs = {ir::Verb::read}, .wide_only = true});
  }
}

}  // namespace macc::lint::rules
