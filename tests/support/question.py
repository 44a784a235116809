"""A question about one domain, as it stands behind `expect` and `macc query may`."""
import dataclasses
import re

# Verbs of files and directories alike: without a slash behind the path, both are asked about.
OF_BOTH = {"create", "delete", "rename", "setattr", "lock", "watch", "ioctl"}


@dataclasses.dataclass(frozen=True)
class Question:
    domain: str  # qualified
    kind: str  # as in `kind` of an access: file, exec, network, unix, socket, signal, ...
    verb: str = ""  # of files; `listen tcp` of networks; the signal of signals
    object: str = ""  # a path, a port, a name
    target: str = ""  # the other domain
    owner: bool = False
    keep_environment: bool = False
    turned: tuple[str, ...] = ()  # switches that do not stand as declared
    when: str = ""
    fstype: str = ""  # of a mount, as the next two: without options there are none
    options: tuple[str, ...] = ()
    source: str = ""

    def path(self) -> str:
        return self.object.removesuffix("/")

    def directories(self) -> list[bool]:
        """Whether the path is that of a directory, for each thing that is asked about."""
        if self.object.endswith("/") or self.verb == "list":
            return [True]
        if self.kind == "mount":
            return [True]
        return [False, True] if self.kind == "file" and self.verb in OF_BOTH else [False]

    def phrase(self) -> str:
        tail = " owner" if self.owner else ""
        to = f" to {self.target.rsplit('.', 1)[1]}" if self.target and self.target != "unconfined" else ""
        known = {
            "file": lambda: f"{self.verb} {quoted(self.object)}{tail}",
            "exec": lambda: f"exec {quoted(self.object)}{to or self.target and ' unconfined'}"
                            + (" keep environment" if self.keep_environment else ""),
            "network": lambda: f"{self.verb} {self.object}",
            "unix": lambda: f"{self.verb} unix {quoted(self.object)}",
            "signal": lambda: f"signal {self.verb}{to}",
            "mount": lambda: " ".join(filter(None, ("mount", self.fstype, f"options {', '.join(self.options or ('rw',))}",
                                                    self.source and f"from {quoted(self.source)}", f"on {quoted(self.object)}"))),
        }
        plain = lambda: f"{self.kind} {self.object or self.target.rpartition('.')[2]}".rstrip()
        return known.get(self.kind, plain)() + (f" when {self.when}" if self.when else "")

    def text(self) -> str:
        return f"{self.domain.rsplit('.', 1)[1]} {self.phrase()}"


def mount_names(options: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether a mount with these options names a file system, and a source."""
    bound, changed = ({"bind", "rbind", "move"} & set(options),
                      {"remount", "private", "rprivate", "shared", "rshared", "slave", "rslave"} & set(options))
    return not bound and not changed, not changed


def quoted(path: str) -> str:
    """A path without patterns, in macc's notation."""
    head, rest = (path[0], path[1:]) if path.startswith("@") else ("", path)
    return '"' + head + re.sub(rb"[^\w/. :@+-]", lambda m: b"\\x%02x" % m[0][0], rest.encode()).decode("ascii", "replace") + '"'
