#include <fmt/format.h>
#include <unistd.h>

#include "compiler/driver/session.h"
#include "compiler/lsp/serve.h"

namespace macc::driver {

void run_lsp(Session& session) {
  if (!session.arguments.operands.empty()) {
    session.diagnostics
        .report(Code::E0005, {},
                fmt::format("`macc lsp` has no use for `{}`", printable(session.arguments.operands.front())))
        .note("an editor says which files it has open, and the projects are those around them");
    return;
  }
  // A dialogue cannot wait for the end of the run, as all other output does: it goes to the descriptors themselves.
  const lsp::End end = lsp::serve(STDIN_FILENO, STDOUT_FILENO, MACC_VERSION);
  if (!end.trouble.empty()) {
    session.diagnostics.report(Code::E0016, {}, "standard input holds no messages of an editor: " + end.trouble)
        .note("`macc lsp` speaks the Language Server Protocol, and is started by an editor");
  } else if (!end.orderly) {
    session.diagnostics.report(Code::E0017, {}, "the editor went away without `shutdown` and `exit`");
  }
}

}  // namespace macc::driver
