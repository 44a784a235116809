#!/usr/bin/env python3
"""No name of a system's SELinux policy stands in C++ code: they are data (*.def) with alternatives.

A type ends in _t, a role in _r, a user in _u. Endings alone ("_exec_t") make the names of our own types.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.DOTALL)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
NAME = re.compile(r'\b[a-zA-Z][a-zA-Z0-9]*(?:_[a-zA-Z0-9]+)*_[tru]\b')


def names_in(text: str) -> list[str]:
    # A comment may hold a quote and a literal may hold "//": literals are kept whole while comments go.
    plain = re.sub(f"{LITERAL.pattern}|{COMMENT.pattern}", lambda m: m.group() if m.group()[0] == '"' else "", text,
                   flags=re.DOTALL)
    return [name for literal in LITERAL.findall(plain) for name in NAME.findall(literal)]


def main() -> int:
    problems = []
    for file in sorted((ROOT / "backends").rglob("*")):
        if file.suffix in (".h", ".cpp", ".c"):
            problems += [f"{file.relative_to(ROOT)}: `{name}` is a name of a policy; it belongs to platform.def or a "
                         "table like it" for name in names_in(file.read_text())]
    print("\n".join(problems) or "no policy's names in code")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
