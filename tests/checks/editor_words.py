#!/usr/bin/env python3
"""The highlighting in editors/ knows the words that the language has: those of the grammar and of the tables.

--update writes the lists of words anew.
"""
import argparse
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXTMATE = ROOT / "editors/vscode/syntaxes/macc.tmLanguage.json"
VIM = ROOT / "editors/vim/syntax/macc.vim"
EMACS = ROOT / "editors/emacs/macc-mode.el"

SECTION = re.compile(r"^// ---- (.+)$")
LEXER_WORD = re.compile(r"^[A-Z_]+ : '([a-z_]+)' ;$")
EFFECTS = {"allow", "deny", "never", "audit", "expect", "if", "else"}


def words_of_grammar() -> dict[str, list[str]]:
    """The reserved words by section of the lexer, and those with a meaning in one place."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (ROOT / "grammar/MaccLexer.g4").read_text().splitlines():
        if head := SECTION.match(line):
            section = head[1]
        elif word := LEXER_WORD.match(line):
            found.setdefault(section, []).append(word[1])
    assert len(found) == 4, f"the sections of the lexer are {list(found)}"
    declarations, phrases, between, once = found.values()
    return {"effects": [w for w in declarations if w in EFFECTS],
            "declarations": [w for w in declarations if w not in EFFECTS] + once[:1],
            "phrases": phrases, "between": between + once[1:]}


def table(name: str, macro: str) -> list[str]:
    text = (ROOT / "compiler/ir" / name).read_text()
    return re.findall(rf'^{macro}\("?(\w+)"?,', text, re.MULTILINE)


def all_words() -> dict[str, list[str]]:
    verbs = re.findall(r'^MACC_VERB\(\w+, "(\w+)"', (ROOT / "compiler/ir/verbs.def").read_text(), re.MULTILINE)
    return {**words_of_grammar(), "verbs": verbs + table("verb_groups.def", "MACC_VERB_GROUP"),
            "kinds": table("kinds.def", "MACC_KIND"), "capabilities": table("capabilities.def", "MACC_CAPABILITY")}


def textmate(words: dict[str, list[str]]) -> str:
    text = TEXTMATE.read_text()
    for name, list_ in words.items():
        choice = "|".join(list_)
        pattern = {"kinds": rf"(?<=:)\s*({choice})\b",
                   # A resource may have the name of a verb: what follows a verb is a comma, an object or a line's end.
                   "verbs": rf'\b({choice})\b(?=\s*(?:,|$|["~/A-Za-z_]))(?!\s+(?:owner|except)\b)'}.get(name, rf"\b({choice})\b")
        text, count = re.subn(rf'("{name}": {{[^{{}}]*?"match": )"(?:[^"\\]|\\.)*"',
                              lambda m: m[1] + json.dumps(pattern), text)
        assert count == 1, f"{TEXTMATE.name} has {count} rules `{name}`"
    json.loads(text)
    return text


def vim(words: dict[str, list[str]]) -> str:
    text = VIM.read_text()
    groups = {"effects": "maccEffect", "declarations": "maccDeclaration", "phrases": "maccPhrase", "between": "maccBetween",
              "verbs": "maccVerb", "kinds": "maccKind contained", "capabilities": "maccCapability contained"}
    for name, group in groups.items():
        # `contained` would be a keyword of its own behind the first word: it stands before them.
        text, count = re.subn(rf"^syntax keyword {group}(?: .*)?$", f"syntax keyword {group} {' '.join(words[name])}", text,
                              flags=re.MULTILINE)
        assert count == 1, f"{VIM.name} has {count} groups `{group}`"
    return text


def emacs(words: dict[str, list[str]]) -> str:
    text = EMACS.read_text()
    for name, list_ in words.items():
        quoted = " ".join(f'"{w}"' for w in list_)
        text, count = re.subn(rf"^\(defconst macc-{name} '\(.*\)\)$", f"(defconst macc-{name} '({quoted}))", text,
                              flags=re.MULTILINE)
        assert count == 1, f"{EMACS.name} has {count} lists `macc-{name}`"
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    update = parser.parse_args().update
    words = all_words()
    wrong = []
    for file, make in ((TEXTMATE, textmate), (VIM, vim), (EMACS, emacs)):
        text = make(words)
        if text != file.read_text():
            wrong.append(f"{file.relative_to(ROOT)} does not have the words of the language: run {sys.argv[0]} --update")
            if update:
                file.write_text(text)
    print("\n".join(wrong) or "every editor knows the words of the language")
    return 1 if wrong and not update else 0


if __name__ == "__main__":
    sys.exit(main())
