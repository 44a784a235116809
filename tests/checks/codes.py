#!/usr/bin/env python3
"""Every diagnostic of the catalogue has a page, and a golden case, a unit test or a documented example that shows it.

The few that cannot be shown stand in undemonstrated_codes.txt beside this file: a code and the reason, one a line.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r'^MACC_(?:DIAGNOSTIC|LINT)\(\s*([EL]\d{4})', re.MULTILINE)
PRINTED = re.compile(rb"(?:error|warning|note)\[MACC-([EL]\d{4})\]")
MENTIONED = re.compile(rb"\b([EL]\d{4})\b")


def catalogue() -> list[str]:
    tables = [ROOT / "compiler/base/diagnostics.def", ROOT / "compiler/base/lints.def"]
    return [code for table in tables if table.exists() for code in ROW.findall(table.read_text())]


def shown() -> set[str]:
    """Codes in what golden cases print, in unit tests, and in examples of the documentation that must give them."""
    sources = [(PRINTED, ROOT.glob("tests/cases/*/*/expected/transcript")),
               (MENTIONED, ROOT.glob("tests/unit/*_test.cpp"))]
    codes = {code.decode() for pattern, files in sources for file in files for code in pattern.findall(file.read_bytes())}
    example = re.compile(r"^```macc .*\b(?:error|found)=MACC-([EL]\d{4})", re.MULTILINE)
    return codes | {code for page in ROOT.glob("docs/**/*.md") for code in example.findall(page.read_text())}


def exceptions() -> dict[str, str]:
    file = pathlib.Path(__file__).with_name("undemonstrated_codes.txt")
    rows = [line.split(maxsplit=1) for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return {row[0]: row[1] if len(row) > 1 else "" for row in rows}


def main() -> int:
    codes, seen, excepted = catalogue(), shown(), exceptions()
    problems = [f"{code}: nothing shows it (add a golden case)" for code in codes
                if code not in seen and code not in excepted]
    problems += [f"{code}: docs/diagnostics/MACC-{code}.md is missing" for code in codes
                 if not (ROOT / f"docs/diagnostics/MACC-{code}.md").exists()]
    problems += [f"{code}: excepted without a reason" for code, reason in excepted.items() if not reason]
    problems += [f"{code}: excepted, but it is shown or no longer exists" for code in excepted
                 if code in seen or code not in codes]
    print("\n".join(problems) or f"{len(codes)} codes, all shown and explained")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
