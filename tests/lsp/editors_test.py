#!/usr/bin/env python3
"""Drives `macc lsp` through real editors without a screen: Neovim's own client, Eglot in Emacs, and VS Code in a browser.

Ends with 77 where an editor is missing, and says which.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from protocol_test import SHARED, TOML, WEB

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def check(found: dict, name: str, condition: bool) -> list[str]:
    return [] if condition else [f"{name}: {found.get(name)!r}"]


def problems_of(found: dict) -> list[str]:
    """What both editors show alike."""
    if "trouble" in found:
        return [found["trouble"]]
    renamed = WEB.replace("resource config", "resource settings").replace("list config", "list settings").replace("change config", "change settings")
    completion = found["completion"]
    return [*check(found, "hover", "resource config : config" in found["hover"] and "profiles" in found["hover"]),
            *check(found, "definition", "resource config : config" in found["definition"]),
            *check(found, "renamed", found["renamed"].rstrip("\n") == renamed.rstrip("\n")),
            *check(found, "formatted", found["formatted"].startswith("    resource settings : config")),
            *check(found, "completion", "keys" in completion and "tls.trust_store" in completion)]


def with_neovim(environment: dict, folder: pathlib.Path) -> list[str]:
    command = ["nvim", "--headless", "-i", "NONE", "-n", "-u", "NONE", "--cmd", f"set runtimepath^={ROOT}/editors/vim",
               "--cmd", "filetype plugin on", "--cmd", "syntax on", "-c", f"luafile {HERE}/editor.lua"]
    found = run(command, environment, folder)
    found["settings"] = settings_of_neovim(environment, folder)
    line = WEB[:WEB.index("allow read, list")].count("\n")
    return problems_of(found) + ([] if "trouble" in found else [
        *check(found, "filetype", found["filetype"] == "macc"), *check(found, "syntax", found["syntax"] == "maccEffect"),
        *check(found, "diagnostic", found["diagnostic"] == {"code": "MACC-E0303", "line": line, "column": 16}),
        *check(found, "settings", found["settings"] == "macc shows MACC-E0303"),
        *check(found, "mended", found["mended"] is True), *check(found, "references", found["references"] == 3)])


def settings_of_neovim(environment: dict, folder: pathlib.Path) -> str:
    """Starts Neovim with the settings that docs/editors.md gives for its version, and says what they lead to."""
    version = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
    old = re.match(r"NVIM v0\.[0-7]\.", version) is not None
    section = (ROOT / "docs/editors.md").read_text().split("## Neovim")[1].split("\n## ")[0]
    given = re.findall(r"```lua\n(.*?)```", section, re.DOTALL)[1 if old else 0]
    settings, told = folder.parent / "init.lua", folder.parent / "told.txt"
    settings.write_text(given.replace("/path/to/macc/", f"{ROOT}/").replace("'macc', 'lsp'", f"'{environment['MACC']}', 'lsp'"))
    policy = folder / "policy/told.macc"
    policy.write_text("module told;\ndomain t { entry \"/usr/sbin/t\"; allow raed \"/a\"; }\n")
    wait = ("lua vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 20); "
            "local found = vim.diagnostic.get(0)[1]; "
            f"vim.fn.writefile({{ found and found.source .. ' shows ' .. found.code or 'nothing' }}, '{told}')")
    done = subprocess.run(["nvim", "--headless", "-i", "NONE", "-n", "-u", settings, policy, "-c", wait, "-c", "qall!"],
                          env=environment, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
    policy.unlink()
    return told.read_text().strip() if told.exists() else done.stderr


def with_emacs(environment: dict, folder: pathlib.Path) -> list[str]:
    command = ["emacs", "--batch", "-q", "--eval", "(package-initialize)", "-l", f"{HERE}/editor.el"]
    found = run(command, {**environment, "MODE": f"{ROOT}/editors/emacs/macc-mode.el"}, folder)
    return problems_of(found) + ([] if "trouble" in found else [
        *check(found, "mode", found["mode"] == "macc-mode"),
        *check(found, "face", found["face"] == "font-lock-keyword-face"),
        *check(found, "diagnostic", "`lsit` is no verb" in found["diagnostic"])])


def with_vscode(environment: dict, folder: pathlib.Path) -> list[str]:
    more = {"EXTENSION": f"{ROOT}/editors/vscode", "PARTS": os.environ["MACC_VSCODE"], "CHROMIUM": shutil.which("chromium")}
    found = run(["node", f"{HERE}/editor.mjs"], {**environment, **more}, folder)
    if "trouble" in found:
        window = pathlib.Path(f"{environment['RESULTS']}.png")
        kept = shutil.copy(window, pathlib.Path(tempfile.gettempdir()) / "macc-vscode.png") if window.exists() else "none"
        return [found["trouble"], f"a picture of the window: {kept}"]
    colours = found["colours"]
    formatted = found["renamed"].replace("keys   :", "keys     :")
    different = {colours.get(word) for word in ("allow", "read", "domain", "/// Serves the shop.", '"/etc/webd/keys/', "25", ";")}
    return problems_of(found) + [
        *check(found, "colours", None not in different and len(different) == 7),
        *check(found, "diagnostic", "`lsit` is no verb" in found["diagnostic"] and "MACC-E0303" in found["diagnostic"]),
        *check(found, "references", "(3)" in found["references"]), *check(found, "symbol", "shop.shared" in found["symbol"]),
        *check(found, "fixed", found["fixed"] == formatted),
        *check(found, "missing", "there is no program `/nowhere/macc`" in found["missing"])]


def run(command: list[str], environment: dict, folder: pathlib.Path) -> dict:
    result = pathlib.Path(environment["RESULTS"])
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=500)
    if not result.exists():
        return {"trouble": f"{command[0]} ended with {done.returncode} and no results:\n{done.stdout}{done.stderr}"}
    return json.loads(result.read_text())


def has_eglot() -> bool:
    if shutil.which("emacs") is None:
        return False
    probe = ["emacs", "--batch", "-q", "--eval", "(progn (package-initialize) (kill-emacs (if (require 'eglot nil t) 0 1)))"]
    return subprocess.run(probe, capture_output=True).returncode == 0


def has_vscode() -> bool:
    parts = pathlib.Path(os.environ.get("MACC_VSCODE", "")) / "node_modules"
    return "MACC_VSCODE" in os.environ and all((parts / name).is_dir() for name in VSCODE_PARTS) and all(
        shutil.which(name) for name in ("node", "chromium"))


VSCODE_PARTS = ("code-server", "playwright-core", "vscode-languageclient")
EDITORS = {"neovim": (with_neovim, lambda: shutil.which("nvim") is not None, "there is no `nvim`: apt-get install neovim"),
           "emacs": (with_emacs, has_eglot, "there is no Emacs with Eglot: apt-get install emacs-nox elpa-eglot"),
           "vscode": (with_vscode, has_vscode, "code-server isn't installed; CONTRIBUTING.md says how")}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", type=pathlib.Path, required=True)
    parser.add_argument("--editor", choices=EDITORS, required=True)
    options = parser.parse_args()
    drive, is_there, missing = EDITORS[options.editor]
    if not is_there():
        print(f"skipped: {missing}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="macc-editor-") as name:
        home = pathlib.Path(name).resolve()
        folder = home / "shop"
        (folder / "policy").mkdir(parents=True)
        (folder / "macc.toml").write_text(TOML)
        (folder / "policy/web.macc").write_text(WEB)
        (folder / "policy/shared.macc").write_text(SHARED)
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TERM": "dumb",
                       "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                       "XDG_STATE_HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home),
                       "MACC": str(options.macc.resolve()), "RESULTS": str(home / "results.json"), "FOLDER": str(folder)}
        problems = drive(environment, folder)
    print("\n".join(problems) or f"{options.editor} shows what it should")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
