// What says nothing, and would be taken for something said.
#include "compiler/sema/analysis.h"

namespace macc::sema {

void Analysis::report_empty_blocks() {
  using Kind = ast::EmptyBlock::Kind;
  for (const auto& module : modules_) {
    if (!module->root) continue;
    for (const ast::EmptyBlock& block : module->file.empty) {
      switch (block.kind) {
        case Kind::test:
          report(Code::E0505, block.span, "this test expects nothing, so that it could not fail")
              .note("say what must come out: `expect deny DOMAIN read \"/etc/shadow\";`");
          break;
        case Kind::branch:
          report(Code::E0324, block.span, "nothing depends on this condition")
              .note("leave it out, or turn it with `not`");
          break;
        case Kind::abstraction:
          report(Code::E0324, block.span, "this abstraction holds nothing: to include it changes nothing");
          break;
      }
    }
  }
}

}  // namespace macc::sema
