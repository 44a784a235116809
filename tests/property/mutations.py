#!/usr/bin/env python3
"""`macc verify` finds each of a hundred statements that are added by hand to an emitted module, and each that is missing.

The statements are random: between own types, between types of the system, both ways, conditional, through attributes.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

POLICY = """module m;
boolean sw = false;
domain d {
    entry "/usr/lib/x/d" from init;
    resource state : state { "/srv/d/**" }
    allow manage state;
    allow listen tcp 7777;
    if sw { allow read "/etc/d.conf"; }
}
"""
OWN = ["d_t", "d_state_t", "d_exec_t"]
SYSTEM = ["etc_t", "shadow_t", "init_t", "usr_t", "bin_t", "sshd_t", "unconfined_t", "tmp_t", "domain", "file_type"]
ACCESS = ["file (read write)", "file (execmod)", "dir (add_name)", "process (ptrace)", "process (transition)",
          "unix_stream_socket (connectto)", "lnk_file (create)"]


def statement(dice: random.Random) -> str:
    def allow() -> str:
        source, target = dice.choice([(OWN, SYSTEM), (OWN, OWN), (SYSTEM, OWN), (SYSTEM, SYSTEM)])
        return f"(allow {dice.choice(source)} {dice.choice(target)} ({dice.choice(ACCESS)}))"

    return dice.choice([
        allow, allow, allow, lambda: f"(booleanif sw (true {allow()}))",
        lambda: f"(typetransition d_t {dice.choice(SYSTEM[:4])} file shadow_t)",
        lambda: f"(typeattributeset unconfined_domain_type ({dice.choice(OWN)}))",
        lambda: f"(typepermissive {dice.choice(['d_t', 'sshd_t'])})", lambda: "(roletype sysadm_r d_t)",
        lambda: f'(filecon "/srv/other{dice.randrange(99)}" file (system_u object_r etc_t ((s0) (s0))))',
        lambda: f"(portcon tcp {dice.randrange(7000, 7700)} (system_u object_r http_port_t ((s0) (s0))))"])()


def run(macc: str, folder: pathlib.Path, *arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run([macc, *arguments, "m.macc", "-t", "selinux", "--format", "json"], cwd=folder,
                          capture_output=True, text=True, check=False)
    return done.returncode, {d["code"] for d in json.loads(done.stdout)["diagnostics"]}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--macc", required=True)
    parser.add_argument("--count", type=int, default=100)
    arguments = parser.parse_args()
    dice, missed = random.Random(7), []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "m.macc").write_text(POLICY)
        macc = str(pathlib.Path(arguments.macc).resolve())
        assert run(macc, folder, "build")[0] == 0
        assert run(macc, folder, "verify") == (0, set())
        module = folder / "macc-out/selinux/m.cil"
        text = module.read_text()
        mutants = [text + statement(dice) + "\n" for _ in range(arguments.count)]
        lines = [line for line in text.splitlines() if line.startswith("(allow ")]
        mutants += [text.replace(line + "\n", "", 1) for line in dice.sample(lines, 5)]
        for mutant in mutants:
            module.write_text(mutant)
            status, codes = run(macc, folder, "verify")
            if status != 1 or "MACC-E1053" not in codes or "MACC-E0622" not in codes:
                missed.append((mutant.splitlines()[-1], status, codes))
        module.write_text(text)
        (folder / "m.macc").write_text(POLICY.replace("7777", "7778"))
        if run(macc, folder, "verify") != (1, {"MACC-E0621"}):
            missed.append(("an older build", 0, set()))
    for line, status, codes in missed:
        print(f"not found: {line} (exit {status}, {sorted(codes)})")
    print(f"{len(mutants)} changes, {len(missed)} not found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
