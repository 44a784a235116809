#!/usr/bin/env python3
"""`macc verify` finds each change of one letter in an emitted AppArmor profile that changes what it decides, and no other.

A second reader of compiled policy (tests/support/apparmor_blob.py) says which changes those are: it compares what
apparmor_parser makes of the profile with what it makes of the changed one, over every path and key.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import apparmor_blob  # noqa: E402

POLICIES = {
    "files": """module m;
domain d {
    entry "/usr/lib/x/d";
    resource state : state { "/srv/d/**" }
    resource keys : secret { "/srv/d/keys/**" }
    allow manage state;
    allow read keys;
    deny change keys;
    audit allow read "/etc/{a,b}*/**" except "/etc/a1/**";
    allow write, create "/tmp/d?/[a-f]*" owner;
    deny read "/etc/shadow*";
    allow lock, load "/opt/d/**/*.so";
    allow link "/srv/l/*";
    exec "/usr/bin/{gzip,xz}";
    exec "/usr/bin/e" to e;
    exec "/usr/bin/u" unconfined keep environment;
}
domain e { exec "/bin/f*" to d keep environment; allow read "/e \\"quoted\\"/\\*é"; }
""",
    "rest": """module m;
external domain init { apparmor label "systemd"; }
domain d {
    entry "/usr/lib/x/d";
    allow connect tcp 80;
    allow socket netlink.route;
    allow socket packet;
    deny connect udp any;
    allow signal term, hup to e;
    allow trace e;
    allow inspect init;
    allow become e;
    allow capability chown, sys_nice;
    deny capability net_raw;
    allow mount ext4 options ro, nosuid from "/dev/sd*" on "/mnt/*/";
    allow mount options bind from "/a/*" on "/b/";
    allow unmount "/mnt/*/";
    allow listen unix "@abstract";
    allow connect unix "@other";
    allow dbus own "org.acme.D" on system;
    allow dbus talk "org.acme.E" interface "org.acme.I" member "Go" on system;
}
domain e { entry "/usr/lib/x/e"; allow listen unix "@other"; }
""",
}
ALPHABET = "abcdefghijklmnopqrstuvwxyzPUC0123456789/*?[]{}^-,.\"@_ ()="
# Debian's own description of its kernel, and of what ABI 3.0 is at most.
FEATURES = {"debian12": "/usr/share/apparmor-features/features", "ubuntu22.04": "/etc/apparmor.d/abi/3.0"}
FOUND = {"MACC-E2008", "MACC-E2030", "MACC-E2031", "MACC-E2032", "MACC-E2033"}


def changeable(text: str) -> list[int]:
    """Positions of rules and of the profile's head, without comments."""
    out, at = [], 0
    for line in text.splitlines(keepends=True):
        if not line.startswith(("#", "abi", "include", "\n", "}")):
            comment = line.find("  # ")
            out += range(at, at + (comment if comment >= 0 else len(line) - 1))
        at += len(line)
    return out


def mutant(dice: random.Random, text: str) -> str:
    at, kind = dice.choice(changeable(text)), dice.randrange(4)
    if kind == 0:
        return text[:at] + text[at + 1:]
    if kind == 1:
        return text[:at] + dice.choice(ALPHABET) + text[at:]
    return text[:at] + dice.choice(ALPHABET) + text[at + 1:]


class Bench:
    """One policy, built for one target."""

    def __init__(self, macc: str, folder: pathlib.Path, policy: str, features: str):
        self.macc, self.folder = macc, folder
        (folder / "policy").mkdir()
        (folder / "policy/m.macc").write_text(policy)
        (folder / "macc.toml").write_text(f'[target.t]\nbackend = "apparmor"\nfeatures = "{features}"\n')
        status, codes, out = self.run("build")
        assert status == 0, out
        assert self.run("verify")[:2] == (0, set()), "a false alarm"
        self.out = folder / "macc-out/t/apparmor.d"
        self.original = {p.name: p.read_text() for p in self.out.iterdir() if p.is_file()}
        self.features = features

    def run(self, command: str) -> tuple[int, set[str], str]:
        done = subprocess.run([self.macc, command, "--format", "json"], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        assert done.returncode in (0, 1, 3), f"macc {command} ended with {done.returncode}: {done.stderr}"
        found = json.loads(done.stdout)["diagnostics"]
        return done.returncode, {d["code"] for d in found if d["severity"] == "error"}, done.stdout

    def compiled(self, name: str) -> bytes | None:
        """What the parser makes of a file that lies there now."""
        done = subprocess.run(["apparmor_parser", "--config-file=/dev/null", "-QKS",
                               f"--kernel-features={FEATURES[self.features]}", "--base=/etc/apparmor.d",
                               "--Werror=rule-not-enforced", str(self.out / name)], capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def try_one(self, dice: random.Random) -> tuple[str, str]:
        """(what happened, the changed line); what happened is empty when macc is right."""
        name = dice.choice(sorted(self.original))
        text = self.original[name]
        before = self.compiled(name)
        changed = mutant(dice, text)
        (self.out / name).write_text(changed)
        after = self.compiled(name)
        _, codes, out = self.run("verify")
        (self.out / name).write_text(text)
        line = next((b for a, b in zip(text.splitlines(), changed.splitlines()) if a != b), "")
        reported = bool(codes & FOUND)
        if after is None:
            return ("" if "MACC-E2008" in codes else f"refused by the parser, macc says {codes}"), line
        real = apparmor_blob.differences(before, after)
        if bool(real) == reported:
            return "", line
        return f"{'not found: ' + real[0] if real else 'a false alarm: ' + out}", line


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--macc", required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice, wrong, done = random.Random(arguments.seed), [], 0
    macc = str(pathlib.Path(arguments.macc).resolve())
    benches = [(policy, features) for policy in POLICIES for features in FEATURES]
    for policy, features in benches:
        with tempfile.TemporaryDirectory() as name:
            bench = Bench(macc, pathlib.Path(name), POLICIES[policy], features)
            for _ in range(arguments.count // len(benches)):
                what, line = bench.try_one(dice)
                done += 1
                if what:
                    wrong.append(f"{policy} for {features}: {line.strip()}\n    {what}")
    print("\n".join(wrong))
    print(f"{done} changes, {len(wrong)} judged otherwise than by the second reader")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
