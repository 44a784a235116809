"""Answers questions about a domain from the AppArmor profiles that macc wrote, as apparmor_parser compiles them.

Nothing of macc's takes part: the compiled file is read by apparmor_blob, and what an operation needs is written down here.
An answer is a pair: whether all of what was asked is allowed, and whether any of it is.
"""
import pathlib
import re
import shutil
import subprocess

import apparmor_blob
from question import Question, mount_names

SYSTEM = pathlib.Path("/etc/apparmor.d")
FEATURES = "/usr/share/apparmor-features/features"  # Debian's description of its kernel

EXEC, WRITE, READ, LINK, LOCK, MAP = 1, 2, 4, 0x10, 0x20, 0x40
UNSAFE, INHERIT = 0x100, 0x200
CHANGE_PROFILE = 0x80000000
NETWORK_ALL = 0x1FC076  # all operations on a socket
SIGNALS = {"hup": 1, "int": 2, "quit": 3, "kill": 9, "usr1": 10, "usr2": 12, "term": 15, "chld": 17, "cont": 18, "stop": 19,
           "exists": 35}
FAMILIES = {"unix": 1, "inet": 2, "inet6": 10, "netlink": 16, "packet": 17}
TYPES = {"stream": 1, "dgram": 2, "raw": 3, "seqpacket": 5}
KINDS = {"tcp": ("stream",), "udp": ("dgram",), "sctp": ("stream", "seqpacket")}
CAPABILITIES = ("chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service "
                "net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct "
                "sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control "
                "setfcap mac_override mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore").split()
FILE_BITS = {"read": READ, "list": READ, "write": WRITE, "append": WRITE, "create": WRITE, "delete": WRITE, "setattr": WRITE,
             "rename": READ | WRITE, "lock": LOCK, "load": READ | MAP}
MS_REC = 1 << 14
MOUNT_FLAGS = {"ro": 1, "nosuid": 2, "nodev": 4, "noexec": 8, "sync": 1 << 4, "remount": 1 << 5, "dirsync": 1 << 7, "noatime": 1 << 10,
               "nodiratime": 1 << 11, "bind": 1 << 12, "rbind": 1 << 12 | MS_REC, "move": 1 << 13, "rslave": 1 << 19 | MS_REC,
               "slave": 1 << 19, "private": 1 << 18, "shared": 1 << 20, "relatime": 1 << 21, "strictatime": 1 << 24}  # mount(2)
# No hook of this kernel asks AppArmor, so that everybody may.
UNMEDIATED = {"watch", "ioctl", "memory execute", "keyring", "ipc", "userns create"}


def both(value: bool) -> tuple[bool, bool]:
    return value, value


class Artifact:
    """The profiles of one build, compiled for each setting of its switches that is asked about."""

    def __init__(self, out: pathlib.Path, folder: pathlib.Path, names: dict[str, str]) -> None:
        """`names`: domain -> profile."""
        self.out, self.folder, self.names = out, folder, names
        self.compiled: dict[tuple[str, ...], dict] = {}
        self.bytes: dict[tuple[str, ...], bytes] = {}

    def differs_from(self, other: "Artifact", switches: list[str]) -> bool:
        """For some path or key, as declared or with all switches turned."""
        for turned in ((), tuple(switches)):
            self.profiles(turned), other.profiles(turned)
            if apparmor_blob.differences(other.bytes[turned], self.bytes[turned]):
                return True
        return False

    def profiles(self, turned: tuple[str, ...]) -> dict:
        """`turned`: switches that do not stand as they were declared."""
        if turned not in self.compiled:
            place = self.folder / f"profiles-{len(self.compiled)}"
            shutil.copytree(self.out, place)
            for path in (place / "tunables/macc.d").glob("*"):
                text = path.read_text()
                for name in turned:
                    text = re.sub(rf"^#(@\{{macc_{re.escape(name.replace('.', '_'))}_is_(on|off)\}} = )", r"\1", text,
                                  flags=re.MULTILINE)
                path.write_text(text)
            data = b"".join(self.compile(place, path) for path in sorted(place.iterdir()) if path.is_file())
            self.bytes[turned] = data
            self.compiled[turned] = apparmor_blob.profiles(data)
        return self.compiled[turned]

    @staticmethod
    def compile(place: pathlib.Path, path: pathlib.Path) -> bytes:
        command = ["apparmor_parser", "--config-file=/dev/null", "-QKS", f"--kernel-features={FEATURES}", f"--base={place}",
                   f"--Include={SYSTEM}", "--Werror=rule-not-enforced", str(path)]
        return subprocess.run(command, capture_output=True, check=True).stdout

    def answer(self, question: Question) -> tuple[bool, bool]:
        profiles = self.profiles(question.turned)
        profile = profiles[self.names[question.domain]]
        if question.kind in UNMEDIATED or question.verb in UNMEDIATED:
            return both(True)
        return getattr(self, "of_" + question.kind.replace(" ", "_"))(profiles, profile, question)

    def of_file(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        path = question.path()
        if question.verb == "link":
            return both(link_allowed(profile, path, question.owner))
        names = [path + "/" * directory for directory in question.directories()]
        needed = FILE_BITS[question.verb]
        found = [file_bits(profile, name, question.owner) & needed == needed for name in names]
        return all(found), any(found)

    def of_exec(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        """Without a target: in any way."""
        bits = file_bits(profile, question.object, question.owner)
        index = bits >> 10 & 0xF
        runs = bool(bits & EXEC)
        inside = runs and index == 0 and bool(bits & INHERIT)
        kept = not question.keep_environment or inside or bool(bits & UNSAFE)
        if question.target == "unconfined":
            return both(runs and index == 1 and kept)
        if question.target:
            return both(runs and index >= 4 and self.is_target(profile, index, question.target) and kept)
        return both(runs and kept and (inside or index != 0))

    def is_target(self, profile: dict, index: int, domain: str) -> bool:
        name = profile["targets"][index - 4].decode()
        return self.names[domain] in (name, f"{self.names[domain].split('//')[0]}//{name}")

    def of_network(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        """Ports are no part of what this kernel asks."""
        kinds = KINDS[question.verb.split()[1]]
        found = [network(profile, family, kind) for family in ("inet", "inet6") for kind in kinds]
        return all(found), any(found)

    def of_unix(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        """A socket is made, and where it is bound to a path the file is made as well; connecting is not asked about."""
        found = [network(profile, "unix", kind) for kind in ("stream", "dgram")]
        if question.verb == "listen" and not question.object.startswith("@"):
            made = bool(file_bits(profile, question.object, False) & WRITE)
            found = [each and made for each in found]
        return all(found), any(found)

    def of_socket(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        family = question.object.split(".")[0]
        return both(any(network(profile, family, kind) for kind in TYPES))

    def of_signal(self, profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        """Both sides are asked."""
        key = bytes([10, SIGNALS[question.verb]])
        return both(self.pair(profiles, profile, question, key, send=2, receive=4))

    def of_inspect(self, profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        return both(self.pair(profiles, profile, question, b"\x09", send=4, receive=16))

    def of_trace(self, profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        return both(self.pair(profiles, profile, question, b"\x09", send=2, receive=8))

    def pair(self, profiles: dict, profile: dict, question: Question, key: bytes, send: int, receive: int) -> bool:
        here, there = self.names[question.domain], self.names[question.target]
        return bool(class_bits(profile, key + there.encode()) & send
                    and class_bits(profiles[there], key + here.encode()) & receive)

    def of_become(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        state = walk(profile["files"], self.names[question.target].encode())
        return both(bool(profile["files"].accept[state] & CHANGE_PROFILE))

    def of_mount(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        """The kernel asks with what the call names; bind, move and propagation with no flags but their own."""
        names_type, names_source = mount_names(question.options)
        flags = 0
        for option in question.options:
            own = names_type or "remount" in question.options or not any(mount_names((option,)))
            flags |= MOUNT_FLAGS.get(option, 0) if own or option in ("bind", "rbind", "move") else 0
        key = b"\7" + b"\0".join((question.object.encode(), question.source.encode() if names_source else b"",
                                   question.fstype.encode() if names_type else b"",
                                   bytes(bit + 1 for bit in range(32) if flags >> bit & 1)))
        return both(bool(class_bits(profile, key) & 2))

    def of_capability(self, _profiles: dict, profile: dict, question: Question) -> tuple[bool, bool]:
        return both(bool(profile["capabilities"] >> CAPABILITIES.index(question.object) & 1))

    def changed_and_run(self, domain: str, turned: tuple[str, ...], limit: int) -> list[tuple[str, bool]]:
        """Shortest paths, one for each state, that may be written and also executed or mapped as code, and whether only
        their owner may."""
        automaton, out = self.profiles(turned)[self.names[domain]]["files"], []
        alphabet = {}
        for byte in b"/abcdefghijklmnopqrstuvwxyz0123456789._-ABCDEFGHIJKLMNOPQRSTUVWXYZ+":
            alphabet.setdefault(automaton.classes[byte], byte)
        seen, todo = {1}, [(1, b"")]
        for state, path in todo:
            accept = automaton.accept[state]
            halves = [half & WRITE and half & (EXEC | MAP) for half in (accept >> 14, accept)]
            if any(halves) and not path.endswith(b"/") and len(out) < limit:
                out.append((path.decode(), not halves[0]))
            for byte in alphabet.values():
                following = automaton.step(state, byte)
                if following and following not in seen and not (path.endswith(b"/") and byte == ord("/")):
                    seen.add(following)
                    todo.append((following, path + bytes([byte])))
        return out


def walk(automaton, word: bytes, state: int = 1) -> int:
    for byte in word:
        state = automaton.step(state, byte)
    return state


def half_of(accept: int, owner: bool) -> int:
    """Rules on files of the process's own user, or of others."""
    return (accept if owner else accept >> 14) & 0x3FFF


def file_bits(profile: dict, path: str, owner: bool) -> int:
    files = profile["files"]
    return half_of(files.accept[walk(files, path.encode())], owner)


def link_allowed(profile: dict, path: str, owner: bool) -> bool:
    """Another name for the file, in the place where the file itself could lie."""
    files = profile["files"]
    state = walk(files, path.encode() + b"\0" + path.encode())
    return bool(half_of(files.accept[state], owner) & LINK)


def class_bits(profile: dict, key: bytes) -> int:
    classes = profile["classes"]
    return classes.accept[walk(classes, key)]


def network(profile: dict, family: str, kind: str) -> bool:
    key = bytes([14]) + FAMILIES[family].to_bytes(2, "big") + TYPES[kind].to_bytes(2, "big")
    return class_bits(profile, key) & NETWORK_ALL == NETWORK_ALL
