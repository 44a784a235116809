#!/usr/bin/env python3
"""Random valid policies: each builds for all targets without a complaint, twice to the same bytes.

Labels come from directories, so SELinux cannot hold some valid policies; those are refused with E1011, E1012 or E1027,
and at most a third of the policies may be.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import policies


def build(macc: pathlib.Path, folder: pathlib.Path, out: str) -> tuple[int, str]:
    done = subprocess.run([str(macc), "build", "--out", out, "policy.macc"], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="backslashreplace", timeout=120, check=False)
    return done.returncode, done.stdout + done.stderr


def written(folder: pathlib.Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


REFUSED = "refused"


def is_refusal(status: int, output: str) -> bool:
    codes = set(re.findall(r"error\[MACC-(E\d+)\]", output))
    return status == 2 and bool(codes) and codes <= {"E1011", "E1012", "E1027"}


def try_seed(macc: pathlib.Path, seed: int) -> str:
    """What is wrong with this seed's policy, "" when nothing is, REFUSED when labels cannot hold it."""
    with tempfile.TemporaryDirectory(prefix="macc-random-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "policy.macc").write_text(policies.policy(seed))
        for out in ("one", "two"):
            status, output = build(macc, folder, out)
            if is_refusal(status, output):
                return REFUSED
            if status != 0:
                return f"seed {seed}: exit {status}\n{output}\n{policies.policy(seed)}"
        one, two = written(folder / "one"), written(folder / "two")
        if not one:
            return f"seed {seed}: nothing was written"
        changed = [name for name in one.keys() | two.keys() if one.get(name) != two.get(name)]
        return f"seed {seed}: two builds differ in {' '.join(sorted(changed))}" if changed else ""


def main() -> int:
    parser = argparse.ArgumentParser(description="build random policies")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--count", type=int, default=12)
    options = parser.parse_args()
    macc = options.macc.resolve()
    seeds = range(options.first, options.first + options.count)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda seed: try_seed(macc, seed), seeds))
    problems = [r for r in results if r and r != REFUSED]
    refused = results.count(REFUSED)
    print("\n".join(problems[:3]), end="\n" if problems else "")
    print(f"{len(problems)} of {options.count} random policies failed, {refused} were refused for their labels")
    return 1 if problems or refused * 3 > options.count else 0


if __name__ == "__main__":
    sys.exit(main())
