// How one domain comes to run as another: the access vectors of a transition and of what is handed over with it.
#pragma once

#include <string>

#include "backends/selinux/lowering.h"

namespace macc::backends::selinux {

/// `source` may execute `exec` and becomes `target` by that. With `automatic` a type transition says so; without, the
/// caller asks for it (a unit's SELinuxContext=). The permissions of the executable that the target itself needs too.
void allow_entry(Module& module, const Guard& guard, const std::string& source, const std::string& exec,
                 const std::string& target, bool automatic, Span span);

/// What a started program inherits from a program: descriptors, pipes, sockets; and the signal of its end.
void allow_inheritance(Module& module, const Guard& guard, const std::string& child, const std::string& parent,
                       const Origin& origin);

/// What every program that init started shares with it: the journal's socket among others.
void allow_init_inheritance(Subject& subject, const std::string& child, Span span);

/// The domain `child`, which the rule at `span` starts, runs in the roles in which the subject is started.
void add_starters_roles(Subject& subject, ir::DomainId child, Span span);

/// `child` is started by the subject, in the role of what started the subject, and has its standard input and output.
void allow_starters(Subject& subject, const Guard& guard, ir::DomainId child, Span span);

}  // namespace macc::backends::selinux
