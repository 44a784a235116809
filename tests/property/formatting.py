#!/usr/bin/env python3
"""`macc fmt` on every policy of the tree and on copies with other white space: the same words and comments come out, a
second run changes nothing, and the repository's own policies are in macc's form. Words are told apart here without macc."""
import argparse
import collections
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import policies

ROOT = pathlib.Path(__file__).resolve().parents[2]
OWN = ("examples", "stdlib")
TOKEN = re.compile(r'"""(?:[^"]|"(?!""))*"""|"(?:[^"\\\r\n]|\\.)*"|//[^\r\n]*|/\*.*?\*/|\w+|[^\s\w]|\s+', re.DOTALL)
NOISE = (" ", "  ", "       ", "\t", "\n", "\n\n\n", "\n     ", " \t \n", "\r\n")
GLUED = set(".-@")  # dots and dashes belong to words
LARGEST = 200_000
SECONDS = 120


def tokens_of(text: str) -> list[str]:
    return TOKEN.findall(text.removeprefix("\ufeff"))


def meaning(text: str) -> list[str]:
    """Words, texts and comments in their order; the lines of a comment without white space around them."""
    found = [token for token in tokens_of(text) if not token.isspace()]
    return ["\n".join(line.strip() for line in re.split(r"\r?\n", token)) if token.startswith(("//", "/*")) else token
            for token in found]


def may_glue(before: str, after: str) -> bool:
    """Whether two tokens stay two without white space between them."""
    plain = not any(token.startswith(('"', "//", "/*")) for token in (before, after))
    return plain and not (before[-1].isalnum() or before[-1] == "_") or plain and after in set(",;(){}")


def damaged(text: str, dice: random.Random, share: float) -> str:
    """Other white space in a share of the places that can have it."""
    parts = tokens_of(text)
    out = ""
    for i, part in enumerate(parts):
        before = next((p for p in reversed(parts[:i]) if not p.isspace()), "") if part.isspace() else ""
        after = parts[i + 1] if i + 1 < len(parts) else ""
        fixed = not part.isspace() or before[-1:] in GLUED or after[:1] in GLUED or dice.random() >= share
        if fixed:
            out += part
        elif before.startswith("//"):
            out += dice.choice(("\n", "\n\n\n", "\r\n  ", "\n\t"))
        elif before and after and may_glue(before, after) and dice.random() < 0.3:
            pass
        else:
            out += dice.choice(NOISE)
    return out


def originals() -> list[str]:
    files = [p for folder in ("tests/cases", "tests/witnesses", *OWN) for p in sorted((ROOT / folder).rglob("*.macc"))]
    texts = []
    for file in files:
        if file.is_file() and file.stat().st_size < LARGEST:
            try:
                texts.append(file.read_bytes().decode())
            except UnicodeDecodeError:
                continue
    return texts + [policies.policy(seed) for seed in range(20)]


def fmt(macc: pathlib.Path, folder: pathlib.Path, *options: str) -> tuple[int, dict[str, set[str]]]:
    """The exit code, and the codes that were reported by file."""
    done = subprocess.run([str(macc), "fmt", "--format", "json", *options, "."], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=SECONDS, check=False)
    codes = collections.defaultdict(set)
    for diagnostic in json.loads(done.stdout)["diagnostics"]:
        place = diagnostic["place"] or {"file": ""}
        codes[place["file"]].add(diagnostic["code"])
    return done.returncode, codes


def formatted_by_patch(macc: pathlib.Path, files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as `patch` leaves them."""
    with tempfile.TemporaryDirectory(prefix="macc-patch-") as temporary:
        folder = pathlib.Path(temporary)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        diff = subprocess.run([str(macc), "fmt", "--diff", "."], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=SECONDS, check=False).stdout
        subprocess.run(["patch", "--strip=0", "--binary", "--quiet", "--no-backup-if-mismatch"], cwd=folder, input=diff,
                       capture_output=True, timeout=SECONDS, check=False)
        return {name: (folder / name).read_bytes() for name in files}


def check(macc: pathlib.Path, texts: list[str]) -> tuple[list[str], list[str]]:
    """What went wrong, and which of the texts were formatted."""
    problems, good = [], []
    with tempfile.TemporaryDirectory(prefix="macc-fmt-") as temporary:
        folder = pathlib.Path(temporary)
        files = {f"{number:05}.macc": text.encode() for number, text in enumerate(texts)}
        for name, data in files.items():
            (folder / name).write_bytes(data)
        status, codes = fmt(macc, folder)
        if status not in (0, 2):
            problems.append(f"exit {status}: {dict(codes)}")
        for name, data in files.items():
            after = (folder / name).read_bytes()
            if codes.get(name):
                if after != data:
                    problems.append(f"changed in spite of {codes[name]}:\n{data.decode()}")
                continue
            good.append(data.decode())
            text = after.decode()
            if meaning(text) != meaning(data.decode()):
                problems.append(f"became something else:\n{data.decode()}\n---\n{text}")
            outside = TOKEN.sub(lambda m: m[0] if m[0].isspace() else "x" * (m[0][-1:] not in " \t"), text)
            if re.search(r"[ \t]\r?\n|\n\r?\n\r?\n", outside) or (text.strip() and not text.endswith("\n")):
                problems.append(f"white space is left over:\n{text}")
        if formatted_by_patch(macc, files) != {name: (folder / name).read_bytes() for name in files}:
            problems.append("`patch` makes something else of what `macc fmt --diff` shows")
        _, again = fmt(macc, folder, "--check")
        problems += [f"changes again:\n{files[name].decode()}" for name, found in again.items() if "MACC-E0011" in found]
    return problems, good


def main() -> int:
    parser = argparse.ArgumentParser(description="check the formatter")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    macc = options.macc.resolve()
    problems, good = check(macc, originals())
    dice = random.Random(options.seed)
    compared = len(good)
    for share in [0.05, 0.3, 1.0] * ((options.rounds + 2) // 3):
        found, formatted = check(macc, [damaged(text, dice, share) for text in good])
        problems += found
        compared += len(formatted)
        if len(formatted) < len(good):
            problems.append(f"other white space broke {len(good) - len(formatted)} policies")
    if len(good) < 200:
        problems.append(f"only {len(good)} policies could be formatted")
    own = subprocess.run([str(macc), "fmt", "--check", *OWN], cwd=ROOT, capture_output=True, text=True, check=False)
    if own.returncode != 0:
        problems.append(f"the repository's own policies are not in macc's form:\n{own.stderr}")
    print("\n".join(problems[:20]) or f"{compared} policies keep their words, and stay as they are when formatted again")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
