#!/usr/bin/env python3
"""Random policies with rules of newer kernels: each builds for every AppArmor system, and no parser refuses a profile.

The installed parser may be too old for some of the rules. Then the build has to say so of exactly the targets that have them.
"""
import argparse
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import policies

FEATURES = pathlib.Path(__file__).resolve().parents[1] / "cases/targets/apparmor-features-file/appliance.features"
SYSTEMS = {"debian12": "", "ubuntu22.04": "", "ubuntu24.04": "", "opensuse": "", str(FEATURES): 'abi = "4.0"\n'}
RULES = ["allow userns create;", "deny userns create;", "allow io_uring;", 'audit allow mqueue "/dev/mqueue/q*";',
         'deny mqueue "/dev/mqueue/q-[a-z]";', "allow listen tcp 80, 100-200;", "deny listen tcp 150;", "allow connect udp 53;"]
ENTRY = re.compile(r"(\n\s*entry [^\n]*\n)")
NEWER = re.compile(r"^ *(audit |deny )*(userns|mqueue|io_uring|network \()", re.MULTILINE)


def policy(seed: int) -> str:
    chance = random.Random(seed)
    return ENTRY.sub(lambda found: found[1] + "\n".join(chance.sample(RULES, chance.randint(0, 4))) + "\n", policies.policy(seed))


def project() -> str:
    targets = [f'[target.t{number}]\nbackend = "apparmor"\nfeatures = "{features}"\n{more}'
               for number, (features, more) in enumerate(SYSTEMS.items())]
    return '[project]\npolicy = "policy.macc"\n' + "\n".join(targets)


def try_seed(macc: pathlib.Path, seed: int, old_parser: bool) -> str:
    """What is wrong with this seed's policy, "" when nothing is."""
    with tempfile.TemporaryDirectory(prefix="macc-systems-") as temporary:
        folder = pathlib.Path(temporary)
        (folder / "policy.macc").write_text(policy(seed))
        (folder / "macc.toml").write_text(project())
        done = subprocess.run([str(macc), "build", "--out", "out"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="backslashreplace", timeout=120, check=False)
        if done.returncode != 0:
            return f"seed {seed}: exit {done.returncode}\n{done.stderr}"
        for number in range(len(SYSTEMS)):
            target = folder / f"out/t{number}"
            newer = any(NEWER.search(p.read_text()) for p in (target / "apparmor.d").iterdir() if p.is_file())
            status = json.loads((target / "report.json").read_text())["verification"]["status"]
            if status != ("not-checked" if newer and old_parser else "passed"):
                return f"seed {seed}: t{number} is {status}"
        return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="build random policies for every AppArmor system")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--count", type=int, default=12)
    options = parser.parse_args()
    version = subprocess.run(["apparmor_parser", "--version"], capture_output=True, text=True, check=True).stdout
    old_parser = "version 3." in version
    macc = options.macc.resolve()
    problems = [p for p in (try_seed(macc, options.first + n, old_parser) for n in range(options.count)) if p]
    print("\n".join(problems[:3]), end="\n" if problems else "")
    print(f"{len(problems)} of {options.count} random policies failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
