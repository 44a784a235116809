#!/usr/bin/env python3
"""Pages that are linked from a page or named in a source exist, and so do the headings that links point at."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
NAMED = re.compile(r"\bdocs/[\w./-]*\w\.md\b")
FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


def anchors(page: pathlib.Path) -> set[str]:
    """The way code hosts turn headings into anchors."""
    titles = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def check_link(page: pathlib.Path, link: str) -> str:
    if re.match(r"[a-z]+:", link):
        return ""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return f"links to {link}, which does not exist"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"links to {link}, but no heading there has that name"
    return ""


def main() -> int:
    problems = []
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("tests/**/*.md")]
    for page in sorted(pages):
        text = CODE.sub("", FENCE.sub("", page.read_text()))
        found = [check_link(page, link) for link in LINK.findall(text)]
        problems += [f"{page.relative_to(ROOT)}: {problem}" for problem in found if problem]
    sources = [*ROOT.glob("compiler/**/*"), *ROOT.glob("backends/**/*"), *ROOT.glob("tests/**/*.cpp"), *ROOT.glob("stdlib/**/*")]
    for source in sorted(s for s in sources if s.suffix in (".h", ".cpp", ".def", ".macc")):
        problems += [f"{source.relative_to(ROOT)}: names {name}, which does not exist"
                     for name in NAMED.findall(source.read_text()) if not (ROOT / name).exists()]
    print("\n".join(problems) or f"all links of {len(pages)} pages lead somewhere")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
