#!/usr/bin/env python3
"""Runs the golden cases: commands of macc on small inputs, compared with what stands in the repository.

A case is a folder tests/cases/GROUP/NAME:
  cmd       commands `macc ...`, one a line; without it the group's own tests/cases/GROUP/cmd counts
  setup     optional shell commands that make what git cannot hold (huge files, links ...)
  expected/ transcript: every command with its output and exit status; out/: what the commands wrote there
  all else  input, copied into an empty folder in which the commands run

tests/cases/README.md says how to add one. `--update` rewrites the expectations: read the diff before you commit it.
"""
import argparse
import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

CASES = pathlib.Path(__file__).resolve().parent / "cases"
OWN_FILES = {"cmd", "setup", "expected"}
SECONDS = 120  # of one command

# What differs from machine to machine and says nothing about macc.
NORMALISED = [
    (re.compile(rb"\b(macc|apparmor_parser|libsepol|libselinux|checkmodule) v?\d+(\.\d+)+[-+~.\w]*"), rb"\1 VERSION"),
    (re.compile(rb"policy \d+:[-+~.\w]+ \(\d+ modules\)"), rb"policy VERSION"),
    (re.compile(rb'"sha256": "[0-9a-f]{64}"'), rb'"sha256": "..."'),  # of text with a version in it
    (re.compile(rb"\b\d+(\.\d+)? m?s\b(?= *(\)|,|$))", re.MULTILINE), rb"TIME"),
]


def find_cases(pattern: str) -> list[pathlib.Path]:
    wanted = re.compile(pattern)
    cases = [p for p in sorted(CASES.glob("*/*")) if p.is_dir() and wanted.search(p.relative_to(CASES).as_posix())]
    return cases


def commands_of(case: pathlib.Path) -> list[str]:
    own = case / "cmd"
    lines = (own if own.exists() else case.parent / "cmd").read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def copy_input(case: pathlib.Path, folder: pathlib.Path) -> None:
    for item in case.iterdir():
        if item.name in OWN_FILES:
            continue
        if item.is_dir():
            shutil.copytree(item, folder / item.name, symlinks=True)
        else:
            shutil.copy(item, folder / item.name, follow_symlinks=False)


def environment(folder: pathlib.Path) -> dict[str, str]:
    # The cache holds what macc makes of the installed system policy, which takes seconds: the cases share it.
    kept = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100", "HOME": str(folder / ".home"),
        "XDG_CACHE_HOME": cache}


def normalise(data: bytes, folder: pathlib.Path) -> bytes:
    data = data.replace(str(folder).encode(), b"$DIR")
    for pattern, replacement in NORMALISED:
        data = pattern.sub(replacement, data)
    return data


def indented(data: bytes, mark: bytes) -> bytes:
    """Output with a mark before each line, so that stdout, stderr and the next command can be told apart."""
    lines = data.split(b"\n")
    unfinished = lines.pop()
    text = b"".join(mark + b" " + line + b"\n" if line else mark + b"\n" for line in lines)
    return text + (mark + b" " + unfinished + b"\\\n" if unfinished else b"")


def run_command(macc: str, line: str, folder: pathlib.Path) -> bytes:
    program, *arguments = shlex.split(line)
    if program != "macc":
        raise ValueError(f"{folder.name}/cmd: `{line}` does not call macc")
    try:
        done = subprocess.run([macc, *arguments], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"$ {line}\ntook longer than {SECONDS} seconds\n".encode()
    status = f"exit {done.returncode}" if done.returncode >= 0 else f"killed by signal {-done.returncode}"
    return b"".join([f"$ {line}\n".encode(), indented(normalise(done.stdout, folder), b"|"),
                     indented(normalise(done.stderr, folder), b"!"), status.encode(), b"\n"])


def of_interest(path: pathlib.Path) -> bytes:
    """What is compared of a written file: all of it, but for the IR, which holds the whole description of the system."""
    data = path.read_bytes()
    if path.name != "ir.json":
        return data
    policy = json.loads(data)
    for key, value in policy.items():
        if isinstance(value, list):
            policy[key] = [item for item in value if not str(item.get("name", "")).startswith("std.")]
    return json.dumps(policy, indent=2, ensure_ascii=False).encode() + b"\n"


def run_case(macc: str, case: pathlib.Path) -> dict[str, bytes]:
    """What the case gives: file name below expected/ -> content."""
    with tempfile.TemporaryDirectory(prefix="macc-case-") as temporary:
        folder = pathlib.Path(temporary).resolve() / "case"
        folder.mkdir()
        copy_input(case, folder)
        if (case / "setup").exists():
            subprocess.run(["sh", "-e", str(case / "setup")], cwd=folder, check=True, stdin=subprocess.DEVNULL)
        result = {"transcript": b"".join(run_command(macc, line, folder) for line in commands_of(case))}
        for path in sorted((folder / "out").rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                result["out/" + path.relative_to(folder / "out").as_posix()] = normalise(of_interest(path), folder)
        return result


def expectations(case: pathlib.Path) -> dict[str, bytes]:
    base = case / "expected"
    return {p.relative_to(base).as_posix(): p.read_bytes() for p in sorted(base.rglob("*")) if p.is_file()}


def differences(name: str, expected: dict[str, bytes], actual: dict[str, bytes]) -> str:
    text = []
    for path in sorted(expected.keys() | actual.keys()):
        old, new = (side.get(path, b"").decode("utf-8", "backslashreplace").splitlines(keepends=True)
                    for side in (expected, actual))
        if path not in actual:
            text.append(f"{name}/expected/{path}: was not written\n")
        elif old != new or path not in expected:
            text += difflib.unified_diff(old, new, f"{name}/expected/{path}", f"{name}/actual/{path}")
    return "".join(text)


def update(case: pathlib.Path, actual: dict[str, bytes]) -> None:
    shutil.rmtree(case / "expected", ignore_errors=True)
    for path, content in actual.items():
        (case / "expected" / path).parent.mkdir(parents=True, exist_ok=True)
        (case / "expected" / path).write_bytes(content)


def crashed(actual: dict[str, bytes]) -> bool:
    return b"\nkilled by signal" in actual["transcript"] or b"took longer than" in actual["transcript"]


def main() -> int:
    parser = argparse.ArgumentParser(description="run the golden cases")
    parser.add_argument("--macc", required=True, help="the program to test")
    parser.add_argument("--filter", default="", help="regular expression over GROUP/NAME")
    parser.add_argument("--update", action="store_true", help="rewrite the expectations")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()

    macc = str(pathlib.Path(options.macc).resolve())
    cases = find_cases(options.filter)
    if not cases:
        print(f"no case matches `{options.filter}`", file=sys.stderr)
        return 2
    failed, changed = [], []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for case, actual in zip(cases, pool.map(lambda c: run_case(macc, c), cases)):
            name = case.relative_to(CASES).as_posix()
            diff = differences(name, expectations(case), actual)
            if crashed(actual):
                failed.append(name)
                print(f"{name}: macc crashed or hung\n{actual['transcript'].decode('utf-8', 'backslashreplace')}")
            elif diff and options.update:
                changed.append(name)
                update(case, actual)
            elif diff:
                failed.append(name)
                print(diff)
    if options.update:
        print(f"{len(changed)} of {len(cases)} cases rewritten" + "".join(f"\n  {name}" for name in changed))
    print(f"{len(cases) - len(failed)} of {len(cases)} cases passed" if not failed else
          f"{len(failed)} of {len(cases)} cases failed: {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
