#!/usr/bin/env python3
"""Holds the sources to the rooms and arrows of docs/architecture.md: who may include whom, and which words stay where."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("compiler", "backends", "stdlib")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# Room -> rooms whose headers it may include. A room may always include its own.
ARROWS = {
    "compiler/base": set(),
    "compiler/paths": {"compiler/base"},
    "compiler/syntax": {"compiler/base"},
    "compiler/ir": {"compiler/base", "compiler/paths"},
    "compiler/sema": {"compiler/base", "compiler/paths", "compiler/syntax", "compiler/ir"},
    "compiler/query": {"compiler/base", "compiler/paths", "compiler/ir"},
    "compiler/lint": {"compiler/base", "compiler/paths", "compiler/syntax", "compiler/ir"},
    "compiler/report": {"compiler/base"},
    "compiler/project": {"compiler/base", "compiler/paths", "compiler/sema", "compiler/lint", "stdlib", "backends"},
    "compiler/lsp": {"compiler/base", "compiler/paths", "compiler/syntax", "compiler/ir", "compiler/sema",
                     "compiler/lint", "compiler/report", "compiler/project", "stdlib", "backends"},
    "compiler/driver": {"compiler/base", "compiler/paths", "compiler/syntax", "compiler/ir", "compiler/sema",
                        "compiler/query", "compiler/lint", "compiler/report", "compiler/project", "compiler/lsp",
                        "stdlib", "backends"},
    "backends": {"compiler/base", "compiler/ir"},
    "backends/selinux": {"compiler/base", "compiler/paths", "compiler/ir", "backends"},
    "backends/apparmor": {"compiler/base", "compiler/paths", "compiler/ir", "backends"},
    "stdlib": {"compiler/base", "compiler/syntax"},
}

# Headers of libraries, and the only places that know the library.
LIBRARIES = {
    r"antlr4-runtime|MaccLexer|MaccParser": "compiler/syntax",
    r"^(sepol|selinux|cil)/": "backends/selinux",
    r"^sys/apparmor\.h|^aalogparse": "backends/apparmor",
    r"^fa\.h$": "compiler/paths",
    r"^CLI/": "compiler/driver",
    r"^toml": "compiler/project",
}

# A platform's name in code belongs to its backend; everyone else goes through the registry. Comments and sentences of
# messages may mention one.
PLATFORM_WORDS = re.compile(r"selinux|apparmor", re.IGNORECASE)
PROSE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)* (?:[^"\\\n]|\\.)*"', re.DOTALL)


def room_of(path: str) -> str:
    """The deepest room that holds a file or header, "" for none."""
    return max((room for room in ARROWS if path.startswith(room + "/")), key=len, default="")


def check_include(path: str, quote: str, header: str) -> str:
    room = room_of(path)
    for pattern, place in LIBRARIES.items():
        if re.search(pattern, header) and not path.startswith(place + "/"):
            return f"includes {header}, which only {place} may know"
    if quote == "<":
        return ""
    other = room_of(header)
    if other in ("", room) or other in ARROWS[room]:
        return "" if not (other == "backends" and room.startswith("compiler") and header != "backends/backend.h") \
            else f"includes {header}; the compiler sees backends through backends/backend.h only"
    return f"includes {header}, but no arrow leads from {room} to {other}"


def check_words(path: str, text: str) -> str:
    if not path.startswith("compiler/") or path.endswith(".def"):  # the kernel has words of its own: netlink.selinux
        return ""
    found = PLATFORM_WORDS.search(PROSE.sub("", text))
    return f"names a platform in code (`{found.group()}`), which only its backend may do" if found else ""


def main() -> int:
    problems = []
    for room in ROOMS:
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix not in (".h", ".cpp", ".def"):
                continue
            path, text = file.relative_to(ROOT).as_posix(), file.read_text()
            found = [check_include(path, quote, header) for quote, header in INCLUDE.findall(text)]
            problems += [f"{path}: {p}" for p in [*found, check_words(path, text)] if p]
    print("\n".join(problems) or "every include follows an arrow")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
