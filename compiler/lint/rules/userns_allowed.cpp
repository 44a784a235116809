#include "compiler/lint/plain.h"
#include "compiler/lint/rules.h"

namespace macc::lint::rules {

void userns_allowed(Context& context) {
  look_for_plain(context, Code::L0708, ir::PlainAccess::Kind::userns_create, "create user namespaces",
                 "inside one a program has all capabilities over its own resources, and with them reaches code of the "
                 "kernel that was written for root",
                 "let the service manager set up the sandbox before the program starts");
}

}  // namespace macc::lint::rules
