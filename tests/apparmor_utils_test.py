#!/usr/bin/env python3
"""The tools of apparmor-utils on profiles that macc wrote.

Builds the examples and a policy with every kind of rule. Then the Python library that aa-logprof, aa-complain and the
others share reads each profile, and has to find every line of it; aa-complain and aa-enforce change the flags of all
profiles in a copy, and nothing else may differ afterwards, neither in the text nor in what apparmor_parser makes of it.
(aa-logprof itself wants a kernel with AppArmor. What it does before it looks at a log is done here.)
"""
import argparse
import collections
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

try:
    from apparmor import aa
except ImportError:
    aa = None

ROOT = pathlib.Path(__file__).resolve().parents[1]
DISTRIBUTION = pathlib.Path("/etc/apparmor.d")
PROJECT = """
[project]
name = "all"
policy = ["policy.macc"]

[target.debian]
backend = "apparmor"
attach-disconnected = ["acme.all.server", "acme.all.child"]

[target.ubuntu]
backend = "apparmor"
features = "ubuntu22.04"
"""
POLICY = r"""
macc 1;
module acme.all;

boolean one = false;      /// A switch.
boolean two = true;

domain server {
    entry "/usr/sbin/acme-server", "/usr/sbin/acme-other";
    resource odd : content {
        "/srv/two words/**", "/srv/par(en)/**", "/srv/quo\"te/**", "/srv/sta\*r/**", "/srv/café/日本/**",
        "/srv/ha#sh;x,y/**", "/srv/back\\slash/**", "/srv/cur{a,b}ly\{x\}/**", "/srv/byte\xff/*.[a-f]", "/srv/at@{HOME}/x",
        "/srv/[^x]y?/**" except "/srv/zy1/**"
    }
    resource state : state { "/var/lib/acme/**" }

    allow read, list odd;
    allow manage state;
    deny change "/var/lib/acme/keep/**";
    audit allow write "/var/lib/acme/audited";
    audit deny read "/etc/shadow";
    allow read "/home/*/.acme" owner;
    deny link "/var/lib/acme/never/**";
    allow load "/usr/lib/acme/plugins/*.so";
    allow lock "/run/acme.lock";

    exec "/usr/bin/gzip";
    exec "/usr/lib/acme/*";
    exec "/usr/lib/acme/helper" to helper;
    exec "/usr/lib/acme/kept" to helper keep environment;
    exec "/usr/lib/acme/child" to child;
    exec "/usr/lib/acme/out" unconfined;
    exec "/usr/lib/acme/out-kept" unconfined keep environment;
    deny exec "/usr/lib/acme/never";

    allow capability net_bind_service, setuid;
    deny capability sys_module;
    audit allow capability chown;
    allow listen tcp 80;
    allow connect udp 53;
    deny connect sctp any;
    allow socket netlink.route;
    allow socket packet;
    allow listen unix "/run/acme/sock";
    allow listen unix "@acme";
    allow connect unix "@helper";
    allow dbus own "org.acme.All" on system;
    allow dbus talk "org.freedesktop.login1" interface "org.freedesktop.login1.Manager" member "Inhibit" on system;
    deny dbus talk "org.acme.Never" on session;

    allow signal term, hup to helper;
    allow signal any to child;
    audit deny signal kill to helper;
    allow trace helper;
    allow inspect any;
    allow become helper;
    allow become child;
    allow mount tmpfs options nosuid, nodev from "/dev/two words" on "/srv/mounted #1/";
    allow mount on "/srv/any/";
    deny mount on "/srv/two words/";
    allow unmount "/srv/mounted #1/";
    allow pivot "/srv/pivot/";

    if one { allow read "/srv/one"; allow connect tcp 25; }
    if one and not two { allow read "/srv/one-not-two"; allow capability kill; }
    if two { deny read "/srv/two"; } else { allow write "/srv/not two"; exec "/opt/acme/*"; }

    raw apparmor \"\"\"
        include <abstractions/openssl>
        set rlimit nofile <= 1024,
        owner @{HOME}/.raw/ r,
    \"\"\";
}

domain helper {
    mode complain;
    allow listen unix "@helper";
    allow use tcp, "/run/acme/given" from server;
}

domain child in server {
    allow read "/srv/child/**";
    if one { allow connect tcp 26; }
    allow signal term to server;
}

domain taken {
    replaces apparmor "/usr/bin/acme taken";
    entry "/usr/bin/acme taken";
    allow read "/etc/taken";
}

domain unit {
    entry "/usr/bin/acme-unit" from unit "acme@.service";
    allow read "/etc/unit";
}
""".replace('\\"\\"\\"', '"""')
QUALIFIERS = re.compile(r"^(?:audit |deny |owner )*")
HEADER = re.compile(r'^(\s*)profile ("[^"]*"|\S+)(?: ("[^"]*"|/\S*))?(?: flags=\(([^)]*)\))? \{$')
WITH_OBJECTS = ("file", "capability", "network", "signal", "ptrace", "dbus", "change_profile", "rlimit", "inc_ie")
AS_TEXT = ("mount", "unix", "pivot_root")
CLASSES = {"link": "file", "umount": "mount", "include": "inc_ie", "set": "rlimit"}

problems: list[str] = []


def check(holds: bool, problem: str) -> None:
    if not holds:
        problems.append(problem)


@dataclasses.dataclass
class Profile:
    """A profile as it stands in the text, apart from its children."""
    flags: str
    rules: collections.Counter      # (class, line)


def class_of(rule: str) -> str:
    word = QUALIFIERS.sub("", rule).split(" ", 1)[0].rstrip(",")
    return "file" if word.startswith(('"', "/", "@")) else CLASSES.get(word, word)


def profiles_in(text: str) -> dict[str, Profile]:
    """By label. Macc writes one rule a line, which is all that this knows of the syntax."""
    found: dict[str, Profile] = {}
    stack: list[str] = []
    for line in text.splitlines():
        rule = line.strip()
        header = HEADER.match(line)
        if header:
            stack.append(header[2].strip('"'))
            found["//".join(stack)] = Profile(header[4] or "", collections.Counter())
        elif rule == "}":
            stack.pop()
        elif rule and not rule.startswith("#") and stack:
            found["//".join(stack)].rules[class_of(rule), rule] += 1
    return found


def profiles_read(folder: pathlib.Path) -> dict[str, Profile]:
    """The same, as the tools see it."""
    aa.reset_aa()
    aa.init_aa()
    aa.profile_dir = str(folder)
    aa.loadincludes()
    aa.read_profiles()
    found = {}
    for parent, profiles in aa.aa.items():
        for name, data in profiles.items():
            rules: collections.Counter = collections.Counter()
            for kind in WITH_OBJECTS:
                rules.update((kind, rule.get_raw().strip()) for rule in data[kind].rules)
            for kind in AS_TEXT:
                for effect in ("allow", "deny"):
                    rules.update((kind, rule) for rule in data[effect].get(kind, []))
            found[parent if name == parent else f"{parent}//{name}"] = Profile(data["flags"] or "", rules)
    return found


def comparable(rules: collections.Counter) -> collections.Counter:
    """What the tools keep as text has lost its qualifiers and comments: there only the number counts."""
    out: collections.Counter = collections.Counter()
    for (kind, line), count in rules.items():
        out[kind, "" if kind in AS_TEXT else line] += count
    return out


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def check_reading(where: str, folder: pathlib.Path) -> collections.Counter:
    written: dict[str, Profile] = {}
    for path in files(folder):
        written.update(profiles_in(path.read_text()))
    read = profiles_read(folder)
    check(set(read) == set(written), f"{where}: profiles {sorted(set(read) ^ set(written))} are on one side only")
    for label in set(read) & set(written):
        check(read[label].flags.replace(" ", "") == written[label].flags.replace(" ", ""),
              f"{where}: flags of {label} are {written[label].flags!r}, read as {read[label].flags!r}")
        missing = comparable(written[label].rules) - comparable(read[label].rules)
        added = comparable(read[label].rules) - comparable(written[label].rules)
        check(not missing and not added, f"{where}: {label}: not read {dict(missing)}, read besides {dict(added)}")
    # Conditions: their rules are read where they stand, in the included files.
    for path in sorted((folder / "macc.d").glob("**/*")) if (folder / "macc.d").is_dir() else []:
        if path.is_file():
            check(str(path) in aa.include, f"{where}: {path} was not read")
    kinds: collections.Counter = collections.Counter()
    for profile in written.values():
        for (kind, _), count in profile.rules.items():
            kinds[kind] += count
    return kinds


def without_headers(text: str) -> list[str]:
    return [line for line in text.splitlines() if not HEADER.match(line)]


def headers(text: str) -> list[tuple[str, str, str, set[str]]]:
    found = (HEADER.match(line) for line in text.splitlines())
    return [(h[1], h[2].strip('"'), (h[3] or "").strip('"'), set(filter(None, re.split(r"[ ,]+", h[4] or ""))))
            for h in found if h]


def compiled(path: pathlib.Path, folder: pathlib.Path) -> bytes:
    done = subprocess.run(["apparmor_parser", "-QKS", f"--kernel-features={DISTRIBUTION}/abi/3.0", "--base", str(folder),
                           "--Include", str(folder), str(path)], capture_output=True, check=False)
    check(done.returncode == 0, f"apparmor_parser refuses {path}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def tool(name: str, folder: pathlib.Path) -> None:
    done = subprocess.run([name, "-d", str(folder), "--no-reload", *map(str, files(folder))], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout}")


def check_modes(where: str, folder: pathlib.Path) -> None:
    before = {path: (path.read_text(), compiled(path, folder)) for path in files(folder)}
    tool("aa-complain", folder)
    for path, (text, _) in before.items():
        now = path.read_text()
        check(headers(now) == [(*h[:3], h[3] | {"complain"}) for h in headers(text)], f"{where}: aa-complain: {path.name}:\n{now}")
        check(without_headers(now) == without_headers(text), f"{where}: aa-complain changed rules of {path.name}")
    tool("aa-enforce", folder)
    for path, (text, policy) in before.items():
        now = path.read_text()
        check(headers(now) == [(*h[:3], h[3] - {"complain"}) for h in headers(text)], f"{where}: aa-enforce: {path.name}:\n{now}")
        check(without_headers(now) == without_headers(text), f"{where}: aa-enforce changed rules of {path.name}")
        if "complain" not in text:
            check(compiled(path, folder) == policy, f"{where}: {path.name} means something else after aa-enforce")


def build(macc: pathlib.Path, project: pathlib.Path, out: pathlib.Path) -> list[pathlib.Path]:
    """The folders of profiles, completed with what the distribution has beside them.

    Other tests verify what is built; here apparmor_parser has to take it, before the tools and after them.
    """
    targets = tomllib.loads(project.read_text())["target"]
    chosen = [f"--target={name}" for name, target in targets.items() if target["backend"] == "apparmor"]
    done = subprocess.run([str(macc), "build", "--project", str(project), "--out", str(out), "--no-verify", *chosen], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(done.returncode == 0, f"macc build of {project} ended with {done.returncode}:\n{done.stdout}")
    folders = sorted(out.glob("*/apparmor.d"))
    for folder in folders:
        for name in ("abi", "abstractions", "tunables"):
            shutil.copytree(DISTRIBUTION / name, folder / name, dirs_exist_ok=True)
    return folders


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    if aa is None and sys.executable != "/usr/bin/python3" and pathlib.Path("/usr/bin/python3").exists():
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's packages are there alone
    if aa is None or shutil.which("aa-complain") is None:
        print("the package apparmor-utils is not installed")
        return 1
    macc = arguments.macc.resolve()
    with tempfile.TemporaryDirectory(prefix="macc-utils-") as temporary:
        work = pathlib.Path(temporary)
        own = work / "own"
        own.mkdir()
        (own / "macc.toml").write_text(PROJECT)
        (own / "policy.macc").write_text(POLICY)
        kinds: collections.Counter = collections.Counter()
        folders = build(macc, own / "macc.toml", work / "all")
        check(len(folders) == 2, "both targets of the policy are there")
        for folder in folders:
            kinds += check_reading(f"all/{folder.parent.name}", folder)
        # A policy that has lost a kind of rule tests nothing of it.
        for kind in (*WITH_OBJECTS, *AS_TEXT):
            check(kinds[kind] > 0, f"the policy has no rule of class {kind}")
        if folders:
            check_modes("all", folders[0])
        for project in sorted((ROOT / "examples").glob("*/macc.toml")):
            for folder in build(macc, project, work / project.parent.name):
                check_reading(project.parent.name, folder)
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{sum(kinds.values())} rules of {len(kinds)} classes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
