"""Answers questions about domains from linked SELinux policy, read by setools, and from labels by matchpathcon.

Nothing of macc's takes part: what an operation needs of which class is written down here. An answer is a pair: whether all of
what was asked is allowed, and whether any of it is.
"""
import collections
import pathlib
import re
import subprocess

import setools
from question import Question, mount_names

FILE_SYSTEMS = {"ext4": "fs_t", "xfs": "fs_t", "tmpfs": "tmpfs_t"}
EPHEMERAL = range(32768, 61000)  # the kernel asks nobody about binding these
CAPABILITY2 = {"mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
               "checkpoint_restore"}
SIGNALS = {"kill": "sigkill", "stop": "sigstop", "chld": "sigchld", "exists": "signull"}
MODES = {"file": "file", "dir": "dir", "sock_file": "socket", "chr_file": "char"}  # of matchpathcon
# Permissions on the object, and on the folder that it lies in.
FILE = {"create": ("create", "write add_name"), "read": ("open read", ""), "write": ("open write", ""), "append": ("open append", ""), "delete": ("unlink", "write remove_name"),
        "rename": ("rename", "write add_name remove_name"), "link": ("link", "write add_name"), "lock": ("lock", ""),
        "setattr": ("setattr", ""), "load": ("open read map execute", ""), "watch": ("watch", ""), "ioctl": ("ioctl", "")}
DIRECTORY = {"create": ("create", "write add_name"), "list": ("open read", ""), "delete": ("rmdir", "write remove_name"), "rename": ("rename", "write add_name remove_name"),
             "setattr": ("setattr", ""), "lock": ("lock", ""), "watch": ("watch", ""), "ioctl": ("ioctl", "")}
ON_ITSELF = {"memory execute": ("process", "execmem"), "keyring": ("key", "create read write")}


def both(value: bool) -> tuple[bool, bool]:
    return value, value


class Labels:
    """Types of paths, asked for in bulk."""

    def __init__(self, contexts: pathlib.Path, policy: pathlib.Path) -> None:
        self.contexts, self.known = contexts, {}
        # The kernel labels these by the longest beginning of a path; in /sys, what has no such line is relabelled.
        mounted = {"proc": "/proc", "sysfs": "/sys"}
        found = [(mounted[str(each.fs)] + str(each.path), str(each.context.type_))
                 for each in setools.SELinuxPolicy(str(policy)).genfscons() if str(each.fs) in mounted]
        self.by_kernel = sorted((each for each in found if each[0] != "/sys/"), key=lambda each: len(each[0]), reverse=True)

    def fetch(self, mode: str, paths: set[str]) -> None:
        fresh = sorted(path for path in paths if (mode, path) not in self.known)
        for begin in range(0, len(fresh), 1000):
            some = fresh[begin:begin + 1000]
            text = subprocess.run(["matchpathcon", "-f", str(self.contexts), "-m", mode, "-n", *some], text=True,
                                  capture_output=True, check=True).stdout
            for path, context in zip(some, text.splitlines(), strict=True):
                self.known[mode, path] = context.split(":")[2] if context.count(":") > 1 else ""

    def of(self, mode: str, path: str) -> str:
        for begin, type_ in self.by_kernel:
            if path.startswith(begin):
                return type_
        if (mode, path) not in self.known:
            self.fetch(mode, {path})
        return self.known[mode, path]


class Artifact:
    """Linked policy. `types`: domain -> type."""

    def __init__(self, path: pathlib.Path, labels: Labels, types: dict[str, str]) -> None:
        self.policy, self.labels, self.types = setools.SELinuxPolicy(str(path)), labels, types
        self.booleans = {str(each): each.state for each in self.policy.bools()}
        self.ports = [(port.ports.low, port.ports.high, str(port.protocol), str(port.context.type_))
                      for port in self.policy.portcons()]
        self.members: dict[str, frozenset[str]] = {}
        self.allows = collections.defaultdict(list)  # (source, class) -> (targets, permissions, conditional rule)
        self.servers = collections.defaultdict(list)  # class -> (sources, targets): who makes sockets
        self.transitions = collections.defaultdict(list)  # (source, class) -> (targets, name, result)
        self.read_rules(set(types.values()))

    def written_out(self, name) -> frozenset[str]:
        text = str(name)
        if text not in self.members:
            self.members[text] = frozenset(str(type_) for type_ in name.expand())
        return self.members[text]

    def read_rules(self, own: set[str]) -> None:
        for rule in self.policy.terules():
            kind, class_name = str(rule.ruletype), str(rule.tclass)
            sources = self.written_out(rule.source)
            if kind == "allow" and class_name == "sock_file" and "create" in rule.perms:
                self.servers[class_name].append((sources, self.written_out(rule.target)))
            mine = sources & own
            if not mine or kind not in ("allow", "type_transition"):
                continue
            targets = self.written_out(rule.target)
            if str(rule.target) == "self":
                targets = None
            for source in mine:
                there = frozenset({source}) if targets is None else targets
                if kind == "allow":
                    conditional = rule if hasattr(rule, "conditional") and is_conditional(rule) else None
                    self.allows[source, class_name].append((there, rule.perms, conditional))
                else:
                    name = str(rule.filename) if isinstance(rule, setools.policyrep.FileNameTERule) else ""
                    self.transitions[source, class_name].append((there, name, str(rule.default)))

    def setting(self, question: Question) -> dict[str, bool]:
        turned = {name.rsplit(".", 1)[1] for name in question.turned}
        return {name: value ^ (name in turned) for name, value in self.booleans.items()}

    def may(self, source: str, target: str, class_name: str, permissions: str, setting: dict[str, bool]) -> bool:
        needed = set(permissions.split())
        for targets, granted, conditional in self.allows[source, class_name]:
            if target in targets and needed & granted and (conditional is None or holds(conditional, setting)):
                needed -= granted
        return not needed

    def becomes(self, source: str, target: str, class_name: str, name: str = "") -> str:
        """What something new is labelled as, without which the default of the class holds: ""."""
        found = ""
        for targets, wanted, result in self.transitions[source, class_name]:
            if target in targets and wanted in ("", name):
                if wanted:
                    return result
                found = result
        return found

    def answer(self, question: Question) -> tuple[bool, bool]:
        source = self.types[question.domain]
        if question.kind in ON_ITSELF:
            return both(self.may(source, source, *ON_ITSELF[question.kind], self.setting(question)))
        return getattr(self, "of_" + question.kind.replace(" ", "_"))(source, question, self.setting(question))

    # ---- files

    def file_type(self, question: Question, class_name: str) -> str:
        """Of what is asked about: the type that it has, and for `create` the type that it would get."""
        if question.verb == "create" or question.kind == "unix" and question.verb == "listen":
            above = self.folder_type(question)
            return self.becomes(self.types[question.domain], above, class_name, question.path().rsplit("/", 1)[1]) or above
        return self.labels.of(MODES[class_name], question.path())

    @staticmethod
    def classes(question: Question) -> list[str]:
        """Those of the things that a question is about."""
        if question.kind == "unix":
            return ["sock_file"]
        is_device = re.match(r"/dev/(?!shm/)", question.object) and question.verb != "create"
        return ["dir" if directory else "chr_file" if is_device else "file" for directory in question.directories()]

    def folder_type(self, question: Question) -> str:
        return self.labels.of("dir", question.path().rsplit("/", 1)[0] or "/")

    def of_file(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        above = self.folder_type(question)
        found = []
        for class_name in self.classes(question):
            on_it, on_folder = (DIRECTORY if class_name == "dir" else FILE)[question.verb]
            found.append(self.may(source, self.file_type(question, class_name), class_name, on_it, setting)
                         and self.may(source, above, "dir", on_folder, setting))
        return all(found), any(found)

    def of_exec(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        type_ = self.labels.of("file", question.path())
        runs = self.may(source, type_, "file", "open read execute", setting)
        result = self.becomes(source, type_, "process")
        enters = bool(result) and self.may(source, result, "process", "transition", setting)
        kept = not question.keep_environment or enters and self.may(source, result, "process", "noatsecure", setting)
        if question.target:
            return both(runs and enters and result == self.types.get(question.target) and kept)
        inside = runs and not result and self.may(source, type_, "file", "map execute_no_trans", setting)
        return both(inside or runs and enters and kept)

    # ---- the network and sockets

    def port_type(self, protocol: str, port: int) -> str:
        found = [(high - low, type_) for low, high, known, type_ in self.ports if known == protocol and low <= port <= high]
        return min(found)[1] if found else "port_t"

    def of_network(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        direction, protocol = question.verb.split()
        class_name, port = f"{protocol}_socket", int(question.object)
        type_ = self.port_type(protocol, port)
        if direction == "connect":
            made = self.may(source, source, class_name, "create connect", setting)
            asked = protocol == "udp" or self.may(source, type_, class_name, "name_connect", setting)
            return both(made and asked)
        made = self.may(source, source, class_name, "create bind" + ("" if protocol == "udp" else " listen accept"), setting)
        bound = port in EPHEMERAL or self.may(source, type_, class_name, "name_bind", setting)
        return both(made and bound and self.may(source, "node_t", class_name, "node_bind", setting))

    def of_unix(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        is_path = not question.object.startswith("@")
        if question.verb == "listen":
            found = [self.may(source, source, "unix_stream_socket", "create bind listen accept", setting),
                     self.may(source, source, "unix_dgram_socket", "create bind", setting)]
            if is_path:
                above = self.folder_type(question)
                made = self.may(source, self.file_type(question, "sock_file"), "sock_file", "create", setting) \
                    and self.may(source, above, "dir", "write add_name", setting)
                found = [each and made for each in found]
            return all(found), any(found)
        type_ = self.file_type(question, "sock_file")
        reached = self.may(source, type_, "sock_file", "write", setting)
        return both(reached and any(self.may(source, server, "unix_stream_socket", "connectto", setting)
                                    for server in self.listeners(type_)))

    def listeners(self, type_: str) -> set[str]:
        """Who makes sockets of the type."""
        return set().union(*(sources for sources, targets in self.servers["sock_file"] if type_ in targets))

    def of_socket(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        class_name = question.object.replace(".", "_") + "_socket"
        return both(self.may(source, source, class_name, "create", setting))

    # ---- processes

    def of_signal(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        permission = SIGNALS.get(question.verb, "signal")
        return both(self.may(source, self.types[question.target], "process", permission, setting))

    def of_inspect(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        return both(self.may(source, self.types[question.target], "file", "open read", setting))

    def of_trace(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        return both(self.may(source, self.types[question.target], "process", "ptrace", setting))

    def of_ipc(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        return both(self.may(source, self.types[question.target], "shm", "associate read write", setting))

    def of_become(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        return both(self.may(source, self.types[question.target], "process", "dyntransition", setting)
                    and self.may(source, source, "process", "setcurrent", setting))

    def of_userns_create(self, *_) -> tuple[bool, bool]:
        return both(True)  # the policy has no class for it

    def of_mount(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        """The place and the file system; never the source, and no option."""
        if "remount" in question.options:
            return both(any(self.may(source, type_, "filesystem", "remount", setting) for type_ in FILE_SYSTEMS.values()))
        names_type, _ = mount_names(question.options)
        placed = self.may(source, self.labels.of("dir", question.path()), "dir", "mounton", setting)
        return both(placed and (not names_type or self.may(source, FILE_SYSTEMS[question.fstype], "filesystem", "mount", setting)))

    def of_capability(self, source: str, question: Question, setting: dict[str, bool]) -> tuple[bool, bool]:
        class_name = "capability2" if question.object in CAPABILITY2 else "capability"
        return both(self.may(source, source, class_name, question.object, setting))


def is_conditional(rule) -> bool:
    try:
        return rule.conditional is not None
    except setools.exception.RuleNotConditional:
        return False


def holds(rule, setting: dict[str, bool]) -> bool:
    names = {str(each) for each in rule.conditional.booleans}
    return rule.conditional.evaluate(**{name: setting[name] for name in names}) == rule.conditional_block
