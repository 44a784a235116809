#!/usr/bin/env python3
"""Tests the documentation: its policies compile, its broken policies give the named code, its sessions say what they say.

Fenced blocks and the words after the language:
  ```macc                      a whole file that compiles without an error
  ```macc declarations         the same without `macc 1;` and `module`, which are added
  ```macc statements           statements of a domain, which is added
  ```macc error=MACC-E0201     must give this diagnostic (also with declarations or statements)
  ```macc warning=MACC-L0301   compiles and gives this finding
  ```macc found=MACC-L0301     the lint finds something (all lints of a page are tested)
  ```macc clean=MACC-L0301     neither it nor another one finds anything
  ```macc expected=MACC-L0301  its findings are there and excused: without the annotations it would find something
  ```macc file=web.macc        compiles, and lies in the folder of the page's later sessions (toml blocks can, too)
  ```macc shape                a sketch of the syntax, not compiled
  ```console                   `$ ` lines are run by sh with macc at hand; a line `...` stands for any lines
  ```console in=FOLDER         in a copy of that folder of the repository
  ```console exit=1            the last command ends with this status (0 when nothing is said)
  ```console shape             not run
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```[ ]*$", re.MULTILINE | re.DOTALL)
SECONDS = 120


@dataclasses.dataclass
class Block:
    place: str
    language: str
    words: set[str]
    settings: dict[str, str]
    text: str


def blocks_of(page: pathlib.Path) -> list[Block]:
    source = page.read_text()
    blocks = []
    for found in FENCE.finditer(source):
        language, *rest = found["info"].split() or [""]
        line = source.count("\n", 0, found.start()) + 1
        text = "".join(row.removeprefix(found["indent"]) for row in found["text"].splitlines(keepends=True))
        blocks.append(Block(f"{page.relative_to(ROOT)}:{line}", language, {w for w in rest if "=" not in w},
                            dict(w.split("=", 1) for w in rest if "=" in w), text))
    return blocks


def run(command: list[str], folder: pathlib.Path, macc: pathlib.Path) -> tuple[int, str]:
    environment = {"PATH": f"{macc.parent}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "TERM": "dumb",
                   "HOME": str(folder), "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True, timeout=SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="backslashreplace", check=False)
    except subprocess.TimeoutExpired:
        return -1, f"took longer than {SECONDS} seconds"
    return done.returncode, done.stdout


def whole_file(block: Block) -> str:
    head = "macc 1;\nmodule doc.example;\n\n"
    if "statements" in block.words:
        inside = "".join(f"    {line}" if line.strip() else line for line in block.text.splitlines(keepends=True))
        return f'{head}domain example {{\n    entry "/usr/sbin/example";\n{inside}}}\n'
    return head + block.text if "declarations" in block.words else block.text


def check_policy(block: Block, macc: pathlib.Path, folder: pathlib.Path) -> str:
    (folder / "example.macc").write_text(whole_file(block))
    status, output = run([str(macc), "check", "example.macc"], folder, macc)
    wanted = block.settings.get("error") or block.settings.get("warning")
    if wanted and wanted not in output:
        return f"{block.place}: should give {wanted}, but gave (exit {status}):\n{output}"
    if status < 0 or (status != 0) != ("error" in block.settings):
        return f"{block.place}: exit {status}\n{output}"
    return ""


EXPECT = re.compile(r'^ *@expect\("([^"\n]*)"[^\n]*\)\n', re.MULTILINE)


def without_annotations(source: str, block: Block) -> str:
    """The policy without the annotations of the lint that the block is about."""
    name = (ROOT / "docs/diagnostics" / f"{block.settings['expected']}.md").read_text().split("\n", 1)[0].partition(": ")[2]
    return EXPECT.sub(lambda found: "" if found[1] == name else found[0], source)


def finds(source: str, code: str, macc: pathlib.Path, folder: pathlib.Path) -> tuple[bool, str]:
    """Whether a lint finds something, maybe by itself: a graver finding about the same rule tells it in a note."""
    status, output = lint(source, code, macc, folder)
    if f"[{code}]" not in output:
        status, output = lint(source, code, macc, folder, "--only", code)
    return status == 1 and f"[{code}]" in output, output


def lint(source: str, code: str, macc: pathlib.Path, folder: pathlib.Path, *options: str) -> tuple[int, str]:
    """Lints a whole project with one policy, with the lint switched on at least as a warning."""
    policy = folder / "policy"
    policy.mkdir(exist_ok=True)
    (policy / "example.macc").write_text(source)
    (folder / "macc.toml").write_text(f'[project]\nname = "example"\n[lint.level]\n{code} = "warning"\n')
    return run([str(macc), "lint", *options], folder, macc)


def check_lint(block: Block, macc: pathlib.Path, folder: pathlib.Path) -> str:
    kind = next(word for word in ("found", "clean", "expected") if word in block.settings)
    code = block.settings[kind]
    source = whole_file(block)
    if kind == "found":
        found, output = finds(source, code, macc, folder)
        return "" if found else f"{block.place}: {code} found nothing\n{output}"
    status, output = lint(source, code, macc, folder)
    if status != 0 or "[MACC-" in output:
        return f"{block.place}: exit {status}\n{output}"
    if kind == "expected" and not finds(without_annotations(source, block), code, macc, folder)[0]:
        return f"{block.place}: {code} finds nothing without the annotation either"
    return ""


def sessions(text: str) -> list[tuple[str, list[str]]]:
    """Commands with the lines that stand below each."""
    result: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            result.append((line[2:], []))
        elif result and result[-1][0].endswith("\\"):
            result[-1] = (result[-1][0] + "\n" + line, [])
        elif result:
            result[-1][1].append(line)
    return result


def matches(shown: list[str], actual: list[str]) -> bool:
    """A line `...` stands for any number of lines, `...` inside a line for any text in it."""
    pattern = "".join("(?:.*\n)*" if line.strip() == "..." else re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + "\n"
                      for line in shown)
    return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in actual)) is not None


def check_session(block: Block, macc: pathlib.Path, folder: pathlib.Path) -> str:
    if "in" in block.settings:
        folder = folder / "in"
        shutil.copytree(ROOT / block.settings["in"], folder, dirs_exist_ok=True)
    commands = sessions(block.text)
    for number, (command, shown) in enumerate(commands, 1):
        status, output = run(["sh", "-c", command], folder, macc)
        wanted = int(block.settings.get("exit", "0")) if number == len(commands) else 0
        if status != wanted:
            return f"{block.place}: `{command}` ended with {status}, not {wanted}\n{output}"
        if shown and not matches(shown, output.splitlines()):
            return f"{block.place}: `{command}` said\n{output}"
    return ""


def check_page(page: pathlib.Path, macc: pathlib.Path) -> tuple[int, list[str]]:
    checked, problems = 0, []
    with tempfile.TemporaryDirectory(prefix="macc-docs-") as temporary:
        folder = pathlib.Path(temporary) / "page"
        folder.mkdir()
        for block in blocks_of(page):
            if "shape" in block.words:
                continue
            if "file" in block.settings:
                target = folder / block.settings["file"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text)
            if block.language == "macc":
                with tempfile.TemporaryDirectory(prefix="macc-docs-") as own:
                    about_lints = {"found", "clean", "expected"} & block.settings.keys()
                    problems.append((check_lint if about_lints else check_policy)(block, macc, pathlib.Path(own)))
            elif block.language == "console":
                problems.append(check_session(block, macc, folder))
            else:
                continue
            checked += 1
    return checked, [p for p in problems if p]


def main() -> int:
    parser = argparse.ArgumentParser(description="test the examples of the documentation")
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    parser.add_argument("pages", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    pages = [p.resolve() for p in options.pages] or \
        sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda page: check_page(page, options.macc.resolve()), pages))
    problems = [problem for _, found in results for problem in found]
    print("\n".join(problems), end="\n" if problems else "")
    print(f"{sum(n for n, _ in results)} examples on {len(pages)} pages, {len(problems)} of them wrong")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
