#!/usr/bin/env python3
"""Policies with random damage: macc may refuse them with diagnostics, but it neither crashes nor hangs nor is silent."""
import argparse
import concurrent.futures
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import policies

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "language"
TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|\w+|\s+|.', re.DOTALL)
NOISE = ("{", "}", ";", ",", '"', "\\", "(", "*", "\0", "\ufeff", "allow", "deny", "resource", "if", "65536", '"/**"', "${X}",
         '"""', "/*", "@expect", "any", "self", "except", "domain", "never")
SECONDS = 30


def sources() -> list[str]:
    texts = [p.read_text() for p in sorted(CASES.glob("*/policy.macc"))]
    return texts + [policies.policy(seed) for seed in range(20)]


def damage(text: str, dice: random.Random) -> str:
    tokens = TOKEN.findall(text)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(tokens))
        dice.choice((
            lambda: tokens.pop(at) if len(tokens) > 1 else None,
            lambda: tokens.insert(at, tokens[dice.randrange(len(tokens))]),
            lambda: tokens.insert(at, dice.choice(NOISE)),
            lambda: tokens.__setitem__(at, dice.choice(NOISE)),
            lambda: tokens.__setitem__(at, tokens[at][:-1]),
        ))()
    return "".join(tokens)


def try_text(macc: pathlib.Path, text: str) -> str:
    with tempfile.TemporaryDirectory(prefix="macc-broken-") as temporary:
        policy = pathlib.Path(temporary) / "policy.macc"
        policy.write_text(text)
        try:
            done = subprocess.run([str(macc), "check", str(policy)], stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return f"took longer than {SECONDS} seconds:\n{text}"
        if done.returncode not in (0, 1, 2):
            return f"exit {done.returncode}: {done.stderr.decode(errors='backslashreplace')}\n{text}"
        if done.returncode != 0 and not done.stdout + done.stderr:
            return f"refused without a word:\n{text}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description="check damaged policies")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    options = parser.parse_args()
    macc, dice, originals = options.macc.resolve(), random.Random(options.seed), sources()
    texts = [damage(dice.choice(originals), dice) for _ in range(options.count)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(lambda text: try_text(macc, text), texts) if p]
    print("\n----\n".join(problems[:3]), end="\n" if problems else "")
    print(f"{len(problems)} of {options.count} damaged policies did macc in")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
