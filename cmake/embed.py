#!/usr/bin/env python3
"""Writes the bytes of text files as a C++ source, so that the binary carries them."""
import argparse
import pathlib


def literal(data: bytes) -> str:
    """A C++ initialiser list; string literals have a length limit in some compilers, arrays have none."""
    rows = [", ".join(str(b) for b in data[i:i + 32]) for i in range(0, len(data), 32)]
    return ",\n".join(rows)


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--namespace", required=True)
    p.add_argument("--name", required=True)
    p.add_argument("--base", required=True, type=pathlib.Path)
    p.add_argument("--out", required=True, type=pathlib.Path)
    p.add_argument("files", nargs="*", type=pathlib.Path)
    a = p.parse_args()
    header = (f"#pragma once\n#include <span>\n#include <string_view>\nnamespace {a.namespace} {{\n"
              f"struct EmbeddedFile {{ std::string_view name; std::string_view text; }};\n"
              f"/// In order of name.\nstd::span<const EmbeddedFile> {a.name}();\n}}\n")
    body = [f'#include "{a.name}.h"\n#include <array>\nnamespace {a.namespace} {{ namespace {{\n']
    rows = []
    for i, f in enumerate(sorted(a.files)):
        data = f.read_bytes()
        body.append(f"const unsigned char data{i}[] = {{{literal(data + bytes(1))}}};\n")
        name = f.relative_to(a.base).as_posix()
        rows.append(f'  EmbeddedFile{{"{name}", std::string_view(reinterpret_cast<const char*>(data{i}), {len(data)})}}')
    body.append(f"const std::array<EmbeddedFile, {len(rows)}> table = {{\n" + ",\n".join(rows) + "};\n}\n")
    body.append(f"std::span<const EmbeddedFile> {a.name}() {{ return table; }}\n}}\n")
    (a.out / f"{a.name}.h").write_text(header)
    (a.out / f"{a.name}.cpp").write_text("".join(body))


if __name__ == "__main__":
    main()
