#!/usr/bin/env python3
"""The tables of docs/linter.md say what the sources say: lints, lists of sensitive paths, and weights of the score.

A table stands between `<!-- NAME -->` and `<!-- /NAME -->`. --update writes the tables anew.
"""
import argparse
import pathlib
import re
import sys
from typing import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/linter.md"
LINTS = ROOT / "compiler/base/lints.def"
EXPOSURES = ROOT / "compiler/lint/exposures.def"
SENSITIVE = ROOT / "stdlib/std/sensitive.macc"

TEXT = r'"((?:[^"\\]|\\.)*)"'
FAMILY = re.compile(r"^// ---- (L\d\dxx): (.+)$")
LINT = re.compile(rf"^MACC_LINT\((L\d{{4}}), \w+, {TEXT}, (error|warning|note), (on|off), (domain|project|target), {TEXT}\)$")
EXPOSURE = re.compile(rf"^MACC_EXPOSURE\((\w+), (\d+), {TEXT}, {TEXT}\)$")
LIST = re.compile(r"((?:^///[^\n]*\n)+)public let (\w+) =", re.MULTILINE)
# A row of the table that says which lints ask about which lists: a name, or the start of names.
ASKED = re.compile(r"^\| `(\w+?)(_\*)?` \|", re.MULTILINE)


class Wrong(Exception):
    """What the sources hold cannot be read, or the page lacks something."""


def cell(text: str) -> str:
    """A C++ string's content as a table shows it."""
    return text.replace('\\"', '"').replace("|", "\\|")


def rows(file: pathlib.Path, macro: str, pattern: re.Pattern) -> Iterator[tuple[str, ...]]:
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.startswith(macro):
            continue
        row = pattern.match(line)
        if not row:
            raise Wrong(f"{file.relative_to(ROOT)}:{number}: this row cannot be read")
        yield tuple(cell(text) for text in row.groups())


def lints() -> str:
    titles = dict(found.groups() for found in map(FAMILY.match, LINTS.read_text().splitlines()) if found)
    families: dict[str, list[str]] = {}
    for code, name, severity, state, scope, title in rows(LINTS, "MACC_LINT(", LINT):
        family = f"{code[:3]}xx"
        if family not in titles:
            raise Wrong(f"{code}: no `// ---- {family}: TITLE` is above it")
        default = severity if state == "on" else f"off ({severity})"
        looks_at = "" if scope == "domain" else scope
        families.setdefault(family, []).append(
            f"| [{code}](diagnostics/MACC-{code}.md) | `{name}` | {default} | {looks_at} | {title} |")
    out = ""
    for family, lines in families.items():
        title = titles[family]
        out += f"### {title[0].upper()}{title[1:]}: {family}\n\n| code | name | default | needs | finds |\n|---|---|---|---|---|\n"
        out += "\n".join(lines) + "\n\n"
    return out.rstrip("\n") + "\n"


def lists() -> str:
    out = "| list | holds |\n|---|---|\n"
    for comment, name in LIST.findall(SENSITIVE.read_text()):
        text = " ".join(line.removeprefix("///").strip() for line in comment.splitlines())
        out += f"| `{name}` | {cell(text)} |\n"
    return out


def weights() -> str:
    out = "| weight | the domain | what to do |\n|---:|---|---|\n"
    found = sorted(rows(EXPOSURES, "MACC_EXPOSURE(", EXPOSURE), key=lambda row: -int(row[1]))
    return out + "".join(f"| {weight} | {what} | {advice or 'no fault in itself'} |\n" for _, weight, what, advice in found)


TABLES = {"lints": lints, "lists": lists, "weights": weights}


def marked(name: str) -> re.Pattern:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(<!-- /{name} -->\n)", re.DOTALL)


def check_asked(page: str) -> list[str]:
    """Each list is one that the page says a lint for, and each row there is about some list."""
    names = [name for _, name in LIST.findall(SENSITIVE.read_text())]
    asked = [(start, bool(many)) for start, many in ASKED.findall(marked("asked").search(page)[2])]

    def covers(row: tuple[str, bool], name: str) -> bool:
        return name.startswith(f"{row[0]}_") if row[1] else name == row[0]

    problems = [f"no row says which lints ask about `{name}`" for name in names if not any(covers(row, name) for row in asked)]
    return problems + [f"`{row[0]}` is no list" for row in asked if not any(covers(row, name) for name in names)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the tables instead of comparing them")
    arguments = parser.parse_args()
    page = PAGE.read_text()
    problems = []
    for name, make in TABLES.items():
        table = marked(name).search(page)
        if table is None:
            raise Wrong(f"there is no table <!-- {name} -->")
        # A blank line keeps the marks from becoming part of the table.
        wanted = f"\n{make()}\n"
        if arguments.update:
            page = page[:table.start(2)] + wanted + page[table.end(2):]
        elif table[2] != wanted:
            problems.append(f"the table `{name}` is not what the sources say: run tests/checks/lint_tables.py --update")
    if arguments.update:
        PAGE.write_text(page)
    problems += check_asked(page)
    print("\n".join(f"docs/linter.md: {problem}" for problem in problems) or f"{len(TABLES)} tables, as the sources say")
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        sys.exit(f"docs/linter.md: {wrong}")
