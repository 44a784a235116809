#!/usr/bin/env python3
"""Random valid policies: each builds for all targets without a complaint, twice to the same bytes."""
import argparse
import concurrent.futures
import os
import pathlib
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


def try_seed(macc: pathlib.Path, seed: int) -> str:
    """What is wrong with this seed's policy, "" when nothing is."""
    with tempfile.TemporaryDirectory(prefix="macc-random-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "policy.macc").write_text(policies.policy(seed))
        for out in ("one", "two"):
            status, output = build(macc, folder, out)
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
    parser.add_argument("--count", type=int, default=24)
    options = parser.parse_args()
    macc = options.macc.resolve()
    seeds = range(options.first, options.first + options.count)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(lambda seed: try_seed(macc, seed), seeds) if p]
    print("\n".join(problems[:3]), end="\n" if problems else "")
    print(f"{len(problems)} of {options.count} random policies failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
