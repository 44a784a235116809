#!/usr/bin/env python3
"""Builds that were done before: said again when nothing has changed, and done again when anything has.

Each change below is made to a project that was just built and whose build is said again. Then strace lists the files that a
build looks at: each of them has to be one that the cache watches.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS = 120
UNCHANGED = "unchanged since the build"
# A build is not kept when what it looked at had just changed: the clocks of file systems are coarse.
COARSEST_CLOCK = 3.5
FILES = {
    "macc.toml": """[project]
name = "web"
policy = ["policy"]

[target.appliance]
backend = "apparmor"
features = "appliance.features"
abi = "4.0"
parser = "4.0.1"

[target.fedora]
backend = "selinux"
base = "skeleton"
""",
    "policy/web.macc": """macc 1;
module acme.web;
import acme.lib;

domain webd {
    entry "/usr/sbin/webd";
    include lib.settings;
}
""",
    "policy/lib.macc": 'macc 1;\nmodule acme.lib;\n\npublic abstraction settings {\n    allow read "/etc/acme/**";\n}\n',
}
FEATURES = "cases/targets/apparmor-features-file/appliance.features"
# For strace: a target with a system's policy, and one for each format.
WATCHED = """[project]
name = "web"
policy = ["policy"]

[target.debian]
backend = "apparmor"

[target.cil]
backend = "selinux"

[target.te]
backend = "selinux"
format = "te"
"""
# What a build may look at without depending on it: its project and cache, which are told by their content; what it writes
# itself; how the system starts a program; dpkg, asked for the version of the policy whose files are watched; what libselinux
# looks for when it is loaded, and what apparmor_parser reads before it says its version.
UNWATCHED = ("/tmp/", "/dev/", "/proc/", "/sys/devices/system/cpu/", "/lib/", "/lib64/", "/usr/lib/", "/etc/ld.so", "/bin/sh",
             "/usr/bin/dpkg", "/etc/dpkg", "/var/lib/dpkg", "/usr/share/dpkg", "/usr/share/locale", "/selinux", "/sys/fs/selinux",
             "/etc/apparmor/parser.conf", "/usr/share/apparmor-features/")
# Where programs are looked for; which one was found is part of what is watched.
PROGRAM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Project:
    """A project, a cache and a macc of its own, below one folder."""

    def __init__(self, macc: pathlib.Path, folder: pathlib.Path):
        self.folder, self.cache, self.macc = folder / "project", folder / "cache", folder / "macc"
        shutil.copy2(macc, self.macc)
        self.restore()

    def restore(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in FILES.items():
            self.write(name, text)
        shutil.copy2(pathlib.Path(__file__).parent / FEATURES, self.folder / "appliance.features")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def build(self, *arguments: str, before: tuple[str, ...] = (), **environment: str) -> subprocess.CompletedProcess:
        settings = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(self.cache), **environment}
        return subprocess.run([*before, str(self.macc), "build", *arguments], cwd=self.folder, env=settings, capture_output=True,
                              text=True, timeout=SECONDS, check=False)

    def is_kept(self, *arguments: str, **environment: str) -> bool:
        return UNCHANGED in self.build(*arguments, **environment).stdout

    def records(self) -> list[pathlib.Path]:
        return sorted((self.cache / "macc").glob("build-*.json"))

    def append(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    def change_record(self, key: str, value: object) -> None:
        for path in self.records():
            record = json.loads(path.read_text(encoding="utf-8"))
            path.write_text(json.dumps(record | {key: value}), encoding="utf-8")


def touch(path: pathlib.Path) -> None:
    path.write_bytes(path.read_bytes())


# What is changed, and how. Whatever comes back from the change is given to the build as environment.
CHANGES = {
    "a policy": lambda p: p.append("policy/web.macc", "// a word\n"),
    "an imported policy": lambda p: p.append("policy/lib.macc", "// a word\n"),
    "macc.toml": lambda p: p.append("macc.toml", "# a word\n"),
    "one policy more": lambda p: p.write("policy/more.macc", 'macc 1;\nmodule acme.more;\n'),
    "one policy less": lambda p: (p.folder / "policy/more.macc").unlink(),
    "an artifact": lambda p: p.append("macc-out/appliance/INSTALL.txt", "\n"),
    "an artifact that is gone": lambda p: (p.folder / "macc-out/appliance/INSTALL.txt").unlink(),
    "the manifest": lambda p: p.append("macc-out/appliance/.macc-manifest.json", "\n"),
    "all that was written": lambda p: shutil.rmtree(p.folder / "macc-out"),
    "the file of features": lambda p: touch(p.folder / "appliance.features"),
    "macc itself": lambda p: touch(p.macc),
    "the cache": lambda p: shutil.rmtree(p.cache),
    "a damaged record": lambda p: [r.write_text(r.read_text()[:-20]) for r in p.records()] and None,
    "a record of another form": lambda p: p.change_record("version", 2),
    "a record without its answer": lambda p: p.change_record("out", None),
    "a record that others may write": lambda p: [r.chmod(0o666) for r in p.records()] and None,
    "a record that is a link": lambda p: [(r.rename(r.with_suffix(".old")), r.symlink_to(r.with_suffix(".old"))) for r in p.records()]
    and None,
    "another parser in front": lambda p: other_parser(p),
    "no cache folder": lambda p: {"XDG_CACHE_HOME": ""},
    "a cache folder that is a file": lambda p: {"XDG_CACHE_HOME": str(p.macc)},
}


def other_parser(project: Project) -> dict[str, str]:
    folder = project.folder.parent / "programs"
    folder.mkdir(exist_ok=True)
    shutil.copy2(shutil.which("apparmor_parser", path=os.environ["PATH"] + ":/sbin:/usr/sbin"), folder)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def check_same_words(project: Project) -> list[str]:
    """People are told that nothing was done; programs get what they got."""
    problems = []
    first, second = project.build(), project.build()
    if first.returncode != 0 or UNCHANGED in first.stdout:
        problems.append(f"a first build: {first}")
    if not second.stdout.startswith(first.stdout) or UNCHANGED not in second.stdout or second.stdout.count("\n") != first.stdout.count("\n") + 1:
        problems.append(f"the second build says something else: {second.stdout}")
    one, other = project.build("--format", "json"), project.build("--format", "json")
    if one.stdout != other.stdout or one.returncode != other.returncode or not json.loads(one.stdout)["targets"]:
        problems.append("`--format json` gives something else the second time")
    if project.is_kept("--no-cache"):
        problems.append("`--no-cache` did not build anew")
    if project.is_kept("--target", "fedora") or not project.is_kept("--target", "fedora") or not project.is_kept():
        problems.append("command lines are not told apart")
    return problems


def check_changes(project: Project) -> list[str]:
    """Each starts from what the last one left; one target is enough to tell."""
    command = ("--target", "appliance")
    problems = []
    for name, change in CHANGES.items():
        if not project.is_kept(*command):
            time.sleep(COARSEST_CLOCK)
            project.build(*command)
            if not project.is_kept(*command):
                problems.append(f"before {name} was changed, the build was not kept")
        environment = change(project) or {}
        built = project.build(*command, **environment)
        if UNCHANGED in built.stdout or built.returncode != 0:
            problems.append(f"{name} was changed, and the build was not done again: {built}")
    return problems


def check_no_cache(project: Project) -> list[str]:
    """Where nothing can be kept, somebody who waits for each build is told so."""
    says = "nothing is kept for the next build"
    settings = {"a file in its place": str(project.macc), "no folder": "", "below a device": "/dev/null/x"}
    problems = [f"{what}: nothing is said" for what, place in settings.items()
                if says not in project.build("--target", "appliance", XDG_CACHE_HOME=place).stdout]
    usable = project.build("--target", "appliance", "--no-cache").stdout + project.build("--target", "appliance").stdout
    return problems + (["a usable cache is said to be none"] if says in usable else [])


def check_failures(project: Project) -> list[str]:
    """What failed is looked at each time, and a kept build does not hide it."""
    project.build()
    project.append("policy/web.macc", 'test "t" {\n    expect allow webd read "/etc/shadow";\n}\n')
    one, other = project.build(), project.build()
    if one.returncode != 1 or (one.returncode, one.stderr, one.stdout) != (other.returncode, other.stderr, other.stdout):
        return [f"a failed build is said in another way the second time: {one} {other}"]
    return []


def check_number(project: Project) -> list[str]:
    """Records of projects that are gone do not pile up."""
    project.write("policy/web.macc", FILES["policy/web.macc"])
    for number in range(300):
        (project.cache / "macc" / f"build-{number}.json").write_text("{}", encoding="utf-8")
    project.build("--target", "appliance", "--no-cache")
    return [f"{len(project.records())} records are left"] if len(project.records()) != 256 else []


def watched(path: str, by: list[str]) -> bool:
    return any(path == known or path.startswith(known + "/") for known in by if known)


def lend_bases(folder: pathlib.Path) -> None:
    """Bases that the user has spare some seconds; the files that they were made from are looked at in any case."""
    folder.mkdir(parents=True)
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    for base in (home / "macc").glob("selinux-*.base"):
        (folder / base.name).symlink_to(base)


def check_watched(project: Project) -> list[str]:
    """Whatever a build looks at is watched, or has a reason above."""
    project.restore()
    project.write("macc.toml", WATCHED)
    shutil.rmtree(project.cache, ignore_errors=True)
    lend_bases(project.cache / "macc")
    trace = project.folder.parent / "trace"
    command = ("strace", "-f", "-s", "4096", "-e", "trace=file", "-o", str(trace))
    if subprocess.run([*command, "true"], capture_output=True, check=False).returncode != 0:
        print("not looked at: the files that a build opens (strace cannot trace here)")
        return []
    project.build(before=command, PATH=PROGRAM_FOLDERS)
    looked_at = max((json.loads(record.read_text(encoding="utf-8"))["looked_at"] for record in project.records()), key=len)
    programs = {f"{folder}/{name}" for folder in PROGRAM_FOLDERS.split(":")
                for name in ("apparmor_parser", "checkmodule", "dpkg-query")}
    opened = {path for line in trace.read_text(encoding="utf-8", errors="replace").splitlines()
              for path in re.findall(r'^\d+ +\w+\((?:AT_FDCWD, )?"(/[^"]*)"', line)}
    if not any(path.startswith("/usr/share/selinux/") for path in opened):
        return ["a build with a system's policy opens nothing of it: is it installed?"]
    # Which folder git keeps is part of what a build is told by.
    opened = {path for path in opened if not path.endswith("/.git")}
    known = [*looked_at, str(project.folder.parent), *(str(p) for p in project.folder.parents)]
    return [f"a build looks at {path}, and the cache does not watch it" for path in sorted(opened)
            if path not in known and path not in programs and not path.startswith(UNWATCHED) and not watched(path, looked_at)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", type=pathlib.Path, required=True)
    macc = parser.parse_args().macc.resolve()
    problems = []
    with tempfile.TemporaryDirectory(prefix="macc-cache-test-") as name:
        project = Project(macc, pathlib.Path(name))
        time.sleep(COARSEST_CLOCK)  # macc and the features were just copied
        for check in (check_same_words, check_changes, check_no_cache, check_failures, check_number):
            problems += check(project)
        if shutil.which("strace"):
            problems += check_watched(project)
        else:
            print("not looked at: the files that a build opens (package strace is not installed)")
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else f"ok: {len(CHANGES)} changes")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
