"""Units of systemd: what a unit file and its drop-ins say, and the steps by which a guest without systemd does the same.

Of a unit's settings those count that a security module sees: programs, users, groups, capabilities, no-new-privileges, folders.
Name spaces and system call filters (ProtectSystem=, PrivateTmp=, SystemCallFilter= ...) only take away, and are left out."""
import dataclasses
import pathlib
import re
import shlex

from service_tree import Tree

FOLDERS = ("/usr/lib/systemd/system", "/etc/systemd/system")
PREFIXES = "-@:+!|"  # of a command line: `-` is a failure that does not count
TMPFILES = "/usr/lib/tmpfiles.d"


@dataclasses.dataclass(frozen=True)
class Command:
    words: list[str]
    may_fail: bool


class Unit:
    """A service with its instance, as `postgresql@15-main.service`."""

    def __init__(self, name: str, tree: Tree, drop_ins: list[str]) -> None:
        self.name = name
        self.tree = tree
        template, at, instance = name.removesuffix(".service").partition("@")
        self.instance = instance
        self.settings: dict[str, list[str]] = {}
        for text in [self.text(f"{template}{at}.service"), *drop_ins]:
            self.take(text)

    def text(self, file: str) -> str:
        for folder in FOLDERS:
            path = self.tree.folder / folder.lstrip("/") / file
            if path.is_file():
                return path.read_text()
        raise FileNotFoundError(f"the packages have no unit {file}")

    def take(self, text: str) -> None:
        section = ""
        for line in re.sub(r"\\\n", " ", text).splitlines():
            if line.startswith("["):
                section = line.strip("[] \t")
            elif section == "Service" and "=" in line and line[0] not in "#;":
                key, _, value = line.partition("=")
                self.settings.setdefault(key.strip(), []).append(value.strip())

    def get(self, key: str, otherwise: str = "") -> str:
        return self.settings.get(key, [otherwise])[-1]

    def commands(self, key: str) -> list[Command]:
        out = []
        for line in self.settings.get(key, []):
            words = shlex.split(line.replace("%i", self.instance).replace("%I", self.instance.replace("-", "/")))
            program = words[0].lstrip(PREFIXES)
            out.append(Command([program, *words[1:]], "-" in words[0][:len(words[0]) - len(program)]))
        return out

    def context(self) -> str:
        """What the drop-in of the build asks for: on SELinux a context, on AppArmor a profile."""
        return self.get("SELinuxContext") or self.get("AppArmorProfile")

    def pid_file(self) -> str:
        return self.get("PIDFile").replace("%i", self.instance)

    def options(self) -> list[str]:
        """As the guest takes them (probe/units.h)."""
        user = self.get("User", "root")
        number, group, more = self.tree.account(user)
        if self.get("Group"):
            group = self.tree.group(self.get("Group"))
        out = [f"context={self.context()}", f"user={number}", f"group={group}",
               f"groups={','.join(str(one) for one in sorted({group, *more}))}", f"umask={self.get('UMask', '0022')}"]
        if self.get("LimitNOFILE"):
            out.append(f"files={self.get('LimitNOFILE')}")
        if self.get("NoNewPrivileges") in ("true", "yes", "on", "1"):
            out.append("no-new-privileges=1")
        if "CapabilityBoundingSet" in self.settings:
            if self.get("CapabilityBoundingSet"):
                raise ValueError(f"{self.name}: CapabilityBoundingSet= with names is not read here")
            out.append("capabilities=0")
        return out

    def folders(self) -> list[tuple[str, int, int, int]]:
        """(path, mode, user, group) that systemd makes before it starts the service."""
        user, group, _ = self.tree.account(self.get("User", "root"))
        if self.get("Group"):
            group = self.tree.group(self.get("Group"))
        mode = int(self.get("RuntimeDirectoryMode", "0755"), 8)
        return [(f"/run/{name}", mode, user, group) for name in self.get("RuntimeDirectory").split()]


def temporary_folders(tree: Tree) -> list[tuple[str, int, int, int]]:
    """What the packages' tmpfiles.d make when the system starts."""
    out = []
    for path in sorted((tree.folder / TMPFILES.lstrip("/")).glob("*.conf")):
        for line in path.read_text().splitlines():
            words = line.split()
            if len(words) >= 5 and words[0] == "d" and words[1].startswith("/run/"):
                out.append((words[1], int(words[2], 8), tree.account(words[3])[0], tree.group(words[4])))
    return out


def drop_ins(artifacts: pathlib.Path, unit: str) -> list[str]:
    """Those that a build wrote for the unit."""
    return [path.read_text() for path in sorted(artifacts.rglob(f"{unit}.d/*.conf"))]
