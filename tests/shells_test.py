#!/usr/bin/env python3
"""Completion as the shells do it, and the manual pages as groff sets them.

bash, fish and zsh run what `macc completions` prints; groff reads each page with all of its warnings. What is not installed
is named and left out; with none of it the test is skipped (77).
"""
import argparse
import os
import pathlib
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
SECONDS = 60
# What is typed, and words that are to be offered (or, with a "-" in front, are not).
TYPED = [
    ("macc qu", ["query"]),
    ("macc ", ["build", "check", "diff", "--help"]),
    ("macc build --f", ["--full", "--format", "-fail-on"]),
    ("macc build --format j", ["json", "junit"]),
    ("macc build --format=j", ["json", "junit"]),
    ("macc diff --format m", ["markdown"]),
    ("macc build --target ", ["web", "db-1", "-project"]),
    ("macc build -t d", ["db-1", "-web"]),
    ("macc lint --only secret-r", ["secret-readable"]),
    ("macc query m", ["may", "modify-and-run"]),
    ("macc base ", ["import", "show", "diff"]),
    ("macc explain broken-p", ["broken-promise"]),
    ("macc check po", ["policy"]),
    ("macc check policy/w", ["policy/web.macc", "-policy/notes.txt"]),
]
BASH = """
source "$1"
line=$2
read -r -a COMP_WORDS <<< "${line//=/ = }"
[[ $line == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_macc
printf '%s\\n' "${COMPREPLY[@]}"
"""


def output(command: list[str], folder: pathlib.Path, text: str | None = None) -> str:
    return subprocess.run(command, cwd=folder, input=text, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def wrong(shell: str, typed: str, wanted: list[str], offered: set[str]) -> list[str]:
    problems = []
    for word in wanted:
        if word.startswith("-") and not word.startswith("--"):
            if word[1:] in offered or f"--{word[1:]}" in offered:
                problems.append(f"{shell}: `{typed}` offers `{word[1:]}`")
        elif word not in offered:
            problems.append(f"{shell}: `{typed}` does not offer `{word}`: {sorted(offered)[:10]}")
    return problems


def check_bash(folder: pathlib.Path) -> list[str]:
    problems = []
    for typed, wanted in TYPED:
        said = output(["bash", "-c", BASH, "bash", "macc.bash", typed], folder)
        problems += wrong("bash", typed, wanted, set(said.splitlines()))
    return problems + check_names(folder)


def check_names(folder: pathlib.Path) -> list[str]:
    """What bash puts into the line of a terminal for names that need quotes."""
    problems = []
    for typed, wanted in (("macc check my\\ f", r"my\ file.macc"), ("macc check my", "my\\ "),
                          ('macc check "my f', '"my file.macc"'), ("macc build --out=my\\ n", r"--out=my\ notes"),
                          ("macc build --format=ju", "--format=junit")):
        line = line_of_bash(folder, typed)
        if wanted not in line:
            problems.append(f"bash: `{typed}` becomes {line!r}")
    return problems


def line_of_bash(folder: pathlib.Path, typed: str) -> str:
    """The line after a tab."""
    master, slave = os.openpty()
    shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], cwd=folder, stdin=slave, stdout=slave, stderr=slave,
                             start_new_session=True, env={"PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8",
                                                          "INPUTRC": "/dev/null", "HISTFILE": ""})
    os.close(slave)
    try:
        # The prompt tells that the line editor listens; what was typed must not look like it.
        os.write(master, b"bind 'set bell-style none'; source macc.bash; macc() { :; }; PS1='rea''dy> '\n")
        wait_for(master, "ready> ")
        os.write(master, typed.encode() + b"\t")
        shown = wait_for(master, typed)
        os.write(master, b"\n: over\n")
        return (shown + wait_for(master, ": over")).split("\r\n")[0]
    finally:
        shell.kill()
        shell.wait()
        os.close(master)


def wait_for(terminal: int, text: str) -> str:
    shown = ""
    end = time.monotonic() + SECONDS
    while text not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 4096).decode()
    return shown


def check_fish(folder: pathlib.Path) -> list[str]:
    problems = []
    for typed, wanted in TYPED:
        if "/" in typed or typed.endswith(" po") or typed == "macc ":
            continue  # files are fish's own matter, and so is when it offers options
        said = output(["fish", "--no-config", "-c", f"source macc.fish; complete -C '{typed}'"], folder)
        problems += wrong("fish", typed, wanted, {line.split("\t")[0].removeprefix("--format=") for line in said.splitlines()})
    return problems


def check_zsh(folder: pathlib.Path) -> list[str]:
    # zsh completes in its line editor only; that it can be loaded as a function is what can be told without a terminal.
    output(["zsh", "-f", "-n", "_macc"], folder)
    output(["zsh", "-f", "-c", "autoload -Uz compinit; fpath=(. $fpath); compinit -D -u; autoload -Uz +X _macc"], folder)
    return []


def check_pages(macc: pathlib.Path, folder: pathlib.Path) -> list[str]:
    problems = []
    commands = [line.split()[0] for line in output(["bash", "-c", BASH, "bash", "macc.bash", "macc "], folder).splitlines()
                if not line.startswith("-")]
    for page in ["macc", *commands]:
        text = output([str(macc), "man", page], folder)
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-P-c"], input=text, capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        if done.returncode != 0 or done.stderr:
            problems.append(f"groff: {page}: {done.stderr.strip()[:300]}")
        shown = re.sub(".\b", "", done.stdout)  # bold is a letter struck twice
        for wanted in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS"):
            if wanted not in shown:
                problems.append(f"{page}: the page has no {wanted}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    macc = parser.parse_args().macc.resolve()
    problems, looked = [], []
    with tempfile.TemporaryDirectory(prefix="macc-shells-") as name:
        folder = pathlib.Path(name)
        (folder / "policy").mkdir()
        (folder / "policy/web.macc").write_text("macc 1;\nmodule web;\n")
        (folder / "policy/notes.txt").write_text("none\n")
        (folder / "my file.macc").write_text("macc 1;\nmodule web;\n")
        (folder / "my notes").mkdir()
        (folder / "macc.toml").write_text('[project]\nname = "p"\n\n[target.web]\n[ target.db-1 ]\n')
        for shell, file in (("bash", "macc.bash"), ("fish", "macc.fish"), ("zsh", "_macc")):
            (folder / file).write_text(output([str(macc), "completions", shell], folder))
        for shell, check in (("bash", check_bash), ("fish", check_fish), ("zsh", check_zsh)):
            if shutil.which(shell):
                looked.append(shell)
                problems += check(folder)
        if shutil.which("groff") and shutil.which("bash"):
            looked.append("groff")
            problems += check_pages(macc, folder)
    missing = [tool for tool in ("bash", "fish", "zsh", "groff") if tool not in looked]
    if not looked:
        print("skipped: none of the shells is here")
        return SKIPPED
    print("\n".join(problems) or f"completion and manual pages are well by {', '.join(looked)}")
    if missing:
        print(f"not here: {', '.join(missing)}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
