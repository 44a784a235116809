#!/usr/bin/env python3
"""Gives what macc writes for SELinux to the tools of an administrator.

Each example and a case for each construct of the language is built as policy source: checkmodule compiles it, and selint has
no finding above its convention level. Of some examples and of all those cases built as packages, semodule_package makes the
same bytes. One example as packages and one built as CIL are installed and removed by semodule
with the very commands that macc prints, in a copy of the system's policy store.

What a tool is missing for is left out, and said.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
STORE = "default"
SECONDS = 240
# An installation takes some seconds: one that replaces a module of the system, and one of packages.
INSTALLED = (("redis", "cil"), ("orders", "pp"))
# What raw text says cannot be said in the other formats.
NOT_IN_SOURCE = ("42-raw",)
FINDING = re.compile(r"\(([SWEF])\): .*\([SWEF]-\d+\)")


class Failure(Exception):
    pass


def run(command: list[str], folder: pathlib.Path) -> str:
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise Failure(f"`{shlex.join(command)}` ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def build(macc: pathlib.Path, example: pathlib.Path, target: str, folder: pathlib.Path) -> pathlib.Path:
    if (example / "policy").is_dir():
        shutil.copytree(example / "policy", folder / "policy")
    else:
        (folder / "policy").mkdir()
        for source in example.glob("*.macc"):
            shutil.copy(source, folder / "policy")
    (folder / "macc.toml").write_text(
        f'[project]\nname = "{example.name}"\n[target.selinux]\nbackend = "selinux"\nformat = "{target}"\n')
    # The tools below judge the source themselves.
    run([str(macc), "build", "--out", "out", *(["--no-verify"] if target != "cil" else [])], folder)
    return folder / "out" / "selinux"


def check_source(out: pathlib.Path) -> None:
    for source in sorted((out / "checkmodule").glob("*.te")):
        run(["checkmodule", "-M", "-m", "-o", f"{source.stem}.mod", source.name], source.parent)
    if not shutil.which("selint"):
        print("  selint is not installed: its findings are not looked for")
        return
    files = [path.name for ending in ("te", "fc", "if") for path in sorted(out.glob(f"*.{ending}"))]
    findings = [line for line in run(["selint", "--color=off", *files], out).splitlines() if FINDING.search(line)]
    # A hole in a resource has a label of the system's, and selint knows no type but those of the files that it is given.
    needed = {name for path in out.glob("*.te") for name in re.findall(r"^\ttype (\w+);", path.read_text(), re.MULTILINE)}
    findings = [line for line in findings
                if not any(f"Nonexistent type ({name}) listed in fc_entry (E-005)" in line for name in needed)]
    if findings:
        raise Failure("selint finds\n" + "\n".join(findings))


def check_packages(out: pathlib.Path) -> None:
    if not shutil.which("semodule_package"):
        print("  semodule_package is not installed: the bytes of packages are not compared")
        return
    with tempfile.TemporaryDirectory(prefix="macc-install-") as temporary:
        for package in sorted(out.glob("*.pp")):
            made, module = pathlib.Path(temporary) / package.name, pathlib.Path(temporary) / f"{package.stem}.mod"
            run(["checkmodule", "-M", "-m", "-o", str(module), f"{package.stem}.te"], out)
            contexts = ["-f", f"{package.stem}.fc"] if (out / f"{package.stem}.fc").exists() else []
            run(["semodule_package", "-o", str(made), "-m", str(module), *contexts], out)
            if made.read_bytes() != package.read_bytes():
                raise Failure(f"{package.name} differs from what semodule_package makes")


class PrivateRoot:
    """A copy of the system's policy store, which semodule takes for the system's own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        for place in (f"etc/selinux/{STORE}", f"var/lib/selinux/{STORE}"):
            shutil.copytree(pathlib.Path("/") / place, folder / place, symlinks=True)
        shutil.copy("/etc/selinux/semanage.conf", folder / "etc/selinux/semanage.conf")

    def semodule(self, arguments: list[str], folder: pathlib.Path) -> str:
        return run(["semodule", "-p", str(self.folder), "-s", STORE, "-n", *arguments], folder)

    def modules(self) -> list[str]:
        return sorted(self.semodule(["-lfull"], self.folder).splitlines())


def printed(out: pathlib.Path, heading: str) -> list[str]:
    """The arguments of the semodule command that INSTALL.txt has behind a heading."""
    text = (out / "INSTALL.txt").read_text().split(heading, 1)[1]
    line = next(row.strip() for row in text.splitlines() if row.strip().startswith("semodule "))
    return shlex.split(line)[1:]


def check_installation(outs: list[pathlib.Path], folder: pathlib.Path) -> None:
    root = PrivateRoot(folder)
    before = root.modules()
    for out in outs:
        root.semodule(printed(out, "To install:"), out)
        installed = "\n".join(root.modules())
        names = printed(out, "To remove:")
        for name in names[names.index("-r") + 1:]:
            if not re.search(rf"\b400\s+{re.escape(name)}\b", installed):
                raise Failure(f"`{name}` is not among the modules after it was installed")
        root.semodule(names, out)
        if root.modules() != before:
            raise Failure(f"the store is not as before after {out} was removed")
        print(f"  {out.parent.parent.name}: installed and removed")


def check_case(macc: pathlib.Path, case: pathlib.Path, folder: pathlib.Path) -> str:
    """What is wrong with a case of the language in one of the two formats, or ""."""
    for target, check in (("te", check_source), ("pp", check_packages)):
        place = folder / f"{case.name}-{target}"
        place.mkdir()
        try:
            check(build(macc, case, target, place))
        except Failure as failure:
            return f"FAIL {place.name}: {failure}"
    return ""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--macc", required=True, type=pathlib.Path)
    macc = arguments.parse_args().macc.resolve()
    if not shutil.which("checkmodule"):
        print("checkmodule is not installed (package checkpolicy): nothing is checked")
        return 0
    failures = 0
    with tempfile.TemporaryDirectory(prefix="macc-install-") as temporary:
        folder = pathlib.Path(temporary)
        to_install = []
        for example in sorted(path.parent for path in (ROOT / "examples").glob("*/macc.toml")):
            for target, check in (("te", check_source), ("pp", check_packages), ("cil", None)):
                if target != "te" and (example.name, target) not in INSTALLED:
                    continue
                place = folder / f"{example.name}-{target}"
                place.mkdir()
                try:
                    out = build(macc, example, target, place)
                    if check:
                        check(out)
                    if (example.name, target) in INSTALLED:
                        to_install.append(out)
                    print(f"ok   {place.name}")
                except Failure as failure:
                    failures += 1
                    print(f"FAIL {place.name}: {failure}")
        cases = [path.parent for path in sorted((ROOT / "tests" / "cases" / "language").glob("*/policy.macc"))
                 if path.parent.name not in NOT_IN_SOURCE]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            problems = [text for text in pool.map(lambda case: check_case(macc, case, folder), cases) if text]
        print("\n".join([f"{len(cases)} cases of the language, {len(problems)} with findings", *problems]))
        failures += len(problems)
        if not shutil.which("semodule") or not pathlib.Path(f"/var/lib/selinux/{STORE}").is_dir():
            print("no semodule, or no policy of the system: nothing is installed")
        else:
            try:
                check_installation(to_install, folder / "root")
            except Failure as failure:
                failures += 1
                print(f"FAIL installation: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
