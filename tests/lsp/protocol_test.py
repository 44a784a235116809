#!/usr/bin/env python3
"""Drives `macc lsp` as an editor does: the protocol, the texts, and every answer."""
import argparse
import json
import pathlib
import sys
import tempfile
import time
import unittest

from client import Client, Refused, applied, place, uri_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
MACC = pathlib.Path()

START = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
TOML = '[project]\nname = "shop"\npolicy = ["policy"]\n\n[target.profiles]\nbackend = "apparmor"\n'
WEB = """macc 1;
module shop.web;

import shop.shared;
import std.tls;

boolean web_can_mail = false;     /// May the shop send mail?

let www = "/srv/www";

/// Serves the shop.
public domain webd {
    entry "/usr/sbin/webd";
    include shared.logging("webd");

    resource config : config { "/etc/webd/**" }
    resource keys   : secret { "/etc/webd/keys/**" }

    allow read, list config;
    allow read       keys, tls.trust_store;
    allow read       "${www}/**";
    allow listen tcp 443;
    allow capability net_bind_service;
    if web_can_mail { allow connect tcp 25; }

    never change config;
}

test "keeps away" {
    expect deny webd read "/etc/shadow";
    expect allow webd connect tcp 25 when web_can_mail;
}
"""
SHARED = """macc 1;
module shop.shared;

/// Writes a log of its own.
public abstraction logging(name: text) {
    resource logs : log { "/var/log/${name}/**" }
    allow append, create, list logs;
}
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="macc-lsp-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name).resolve()
        self.client = Client(MACC, self.folder)
        self.addCleanup(self.client.kill)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def shop(self) -> None:
        self.write("macc.toml", TOML)
        self.web = self.write("policy/web.macc", WEB)
        self.shared = self.write("policy/shared.macc", SHARED)

    def codes(self, uri: str, version: int) -> list[str]:
        return sorted(d["code"] for d in self.client.diagnostics_of(uri, version))


class Protocol(Case):
    def test_life(self):
        capabilities = self.client.initialize()["capabilities"]
        self.assertEqual(capabilities["positionEncoding"], "utf-16")
        self.assertEqual(capabilities["textDocumentSync"]["change"], 2)
        self.assertEqual(self.client.close(), 0)

    def test_exit_without_shutdown(self):
        self.client.initialize()
        self.client.notify("exit")
        self.assertEqual(self.client.process.wait(10), 1)

    def test_end_of_input(self):
        self.client.initialize()
        self.client.process.stdin.close()
        self.assertEqual(self.client.process.wait(10), 1)
        self.assertIn(b"MACC-E0017", self.client.process.stderr.read())

    def test_order(self):
        with self.assertRaises(Refused) as refused:
            self.client.ask("textDocument/hover")
        self.assertEqual(refused.exception.code, -32002)
        self.client.initialize()
        with self.assertRaises(Refused) as refused:
            self.client.ask("initialize", capabilities={})
        self.assertEqual(refused.exception.code, -32600)
        self.client.ask("shutdown")
        with self.assertRaises(Refused) as refused:
            self.client.ask("workspace/symbol", query="")
        self.assertEqual(refused.exception.code, -32600)

    def test_malformed(self):
        self.client.initialize()
        for body, code in ((b"{", -32700), (b"[]", -32600), (b"\xff\xfe", -32700), (b"{}", -32600), (b'{"method": 3, "id": 1}', -32600)):
            self.client.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            message = self.client.receive()
            self.assertEqual(message["error"]["code"], code, body)
        deep = b"[" * 200000
        self.client.send_bytes(b"Content-Length: %d\r\n\r\n%s" % (len(deep), deep))
        self.assertEqual(self.client.receive()["error"]["code"], -32700)
        with self.assertRaises(Refused) as refused:
            self.client.ask("no/such")
        self.assertEqual(refused.exception.code, -32601)
        for params in ({}, {"textDocument": 3}, {"textDocument": {"uri": 3}, "position": {}},
                       {"textDocument": {"uri": "file:///x"}, "position": {"line": -1, "character": "x"}}):
            for method in ("hover", "completion", "rename", "codeAction", "formatting", "definition", "references"):
                with self.assertRaises(Refused):
                    self.client.ask("textDocument/" + method, **params)
        for method, params, said in (
                ("textDocument/hover", {"textDocument": {"uri": "file:///x"}, "position": START["start"]}, "`file:///x` is not open"),
                ("textDocument/formatting", {"textDocument": {"uri": "file:///x"}}, "`file:///x` is not open"),
                ("textDocument/hover", {"textDocument": {"uri": "file:///x"}},
                 "the parameters of `textDocument/hover` have no number `position.line`"),
                ("workspace/symbol", {"query": 3}, "the parameters of `workspace/symbol` have no text `query`")):
            with self.assertRaises(Refused) as refused:
                self.client.ask(method, **params)
            self.assertEqual((refused.exception.code, str(refused.exception)), (-32602, said))
        self.client.notify("textDocument/didChange", textDocument={"uri": "file:///not-open", "version": 2},
                           contentChanges=[{"text": ""}])
        self.client.notify("textDocument/didOpen", textDocument=[])
        self.client.notify("no/such/notification")
        self.assertEqual(self.client.close(), 0)
        self.assertEqual(len(self.client.logged), 2)

    def test_no_stream(self):
        self.client.send_bytes(b"Content-Length: nine\r\n\r\n{}")
        self.assertEqual(self.client.process.wait(10), 2)
        self.assertIn(b"MACC-E0016", self.client.process.stderr.read())

    def test_too_long_a_message(self):
        self.client.send_bytes(b"Content-Length: 99999999999\r\n\r\n")
        self.assertEqual(self.client.process.wait(10), 2)

    def test_split_and_joined_messages(self):
        data = self.client.framed({"id": 1, "method": "initialize", "params": {"capabilities": {}}})
        for byte in data[:-1]:
            self.client.send_bytes(bytes([byte]))
        more = self.client.framed({"id": 2, "method": "shutdown"}) + self.client.framed({"method": "exit"})
        self.client.send_bytes(data[-1:] + more)
        self.assertIsNotNone(self.client.answer(1))
        self.assertIsNone(self.client.answer(2))
        self.assertEqual(self.client.process.wait(10), 0)

    def test_cancelled_and_superseded(self):
        self.shop()
        self.client.initialize()
        uri = self.client.open(self.web)
        self.client.diagnostics_of(uri, 1)
        spot = {"textDocument": {"uri": uri}, "position": {"line": 15, "character": 14}}
        change = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}, "text": "\n"}
        hover = {"method": "textDocument/hover", "params": spot}
        messages = [{"id": "a", **hover}, {"id": "b", **hover},
                    {"id": "d", "method": "textDocument/completion", "params": {**spot, "position": {"line": 15, "character": 0}}},
                    {"method": "$/cancelRequest", "params": {"id": "a"}},
                    {"method": "textDocument/didChange",
                     "params": {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [change]}},
                    {"id": "c", "method": "textDocument/hover",
                     "params": {**spot, "position": {"line": 16, "character": 14}}}]
        self.client.send_bytes(b"".join(self.client.framed(m) for m in messages))
        with self.assertRaises(Refused) as refused:
            self.client.answer("a")
        self.assertEqual(refused.exception.code, -32800)
        with self.assertRaises(Refused) as refused:
            self.client.answer("b")
        self.assertEqual(refused.exception.code, -32801)
        # Who is told that there is nothing to complete does not ask again.
        self.assertTrue(self.client.answer("d"))
        self.assertIn("resource config", self.client.answer("c")["contents"]["value"])


class Texts(Case):
    def test_as_you_type(self):
        self.shop()
        self.client.initialize(self.folder)
        uri = self.client.open(self.web)
        self.assertEqual(self.codes(uri, 1), [])
        line, character = place(WEB, "read       keys", 0)
        spot = {"start": {"line": line, "character": character}, "end": {"line": line, "character": character + 4}}
        self.client.change(uri, 2, {"range": spot, "text": "raed"})
        found, = self.client.diagnostics_of(uri, 2)
        self.assertEqual((found["code"], found["severity"], found["range"]), ("MACC-E0303", 1, spot))
        self.client.change(uri, 3, {"range": spot, "text": "read"})
        self.assertEqual(self.codes(uri, 3), [])
        # the text on the disk is what it was
        self.assertEqual(self.web.read_text(), WEB)

    def test_characters_beyond_ascii(self):
        for encodings, character in (((), 5), (("utf-16",), 5), (("utf-8", "utf-16"), 10), (("utf-32",), 5)):
            with self.subTest(encodings):
                self.client = Client(MACC, self.folder)
                self.addCleanup(self.client.kill)
                chosen = self.client.initialize(encodings=encodings)["capabilities"]["positionEncoding"]
                self.assertEqual(chosen, "utf-8" if "utf-8" in encodings else "utf-16")
                # an umlaut and a character beyond the first 65536 before the mistake: 2 and 4 bytes, 1 and 2 units
                text = '/*ü😀*/domain d { entry "/usr/sbin/d"; }\nmodule m;\n'
                start = {"line": 0, "character": 2}
                uri = self.client.open(self.folder / "m.macc", text.replace("ü😀", "ü"))
                self.client.diagnostics_of(uri, 1)
                after = 3 if chosen == "utf-16" else 4
                self.client.change(uri, 2, {"range": {"start": {"line": 0, "character": after},
                                                      "end": {"line": 0, "character": after}}, "text": "😀"})
                self.client.diagnostics_of(uri, 2)
                symbols = self.client.ask("textDocument/documentSymbol", textDocument={"uri": uri})
                begin = {"utf-16": 2 + 3 + 2, "utf-8": 2 + 6 + 2}[chosen]
                self.assertEqual(symbols[0]["range"]["start"], {"line": 0, "character": begin})
                # a place inside the character is its start
                self.client.change(uri, 3, {"range": {"start": start, "end": {"line": 0, "character": begin - 3}}, "text": ""})
                self.client.diagnostics_of(uri, 3)
                symbols = self.client.ask("textDocument/documentSymbol", textDocument={"uri": uri})
                rest = {"utf-16": 2 + 2 + 2, "utf-8": 2 + 4 + 2}[chosen]
                self.assertEqual(symbols[0]["range"]["start"]["character"], rest)

    def test_half_a_pair(self):
        """Texts stay in step when a change breaks a pair of UTF-16 units apart."""
        self.client.initialize()
        uri = self.client.open(self.folder / "m.macc", "module m;\n")
        self.client.change(uri, 2, {"text": "module m;\n/*\ud83d*/ /* \\ud83d */ domain d { foo; }\n"})
        found, = self.client.diagnostics_of(uri, 2)
        self.assertEqual(found["range"]["start"], {"line": 1, "character": 30})
        self.client.change(uri, 3, {"range": {"start": {"line": 1, "character": 2}, "end": {"line": 1, "character": 3}},
                                    "text": "\U0001f600"})
        found, = self.client.diagnostics_of(uri, 3)
        self.assertEqual(found["range"]["start"], {"line": 1, "character": 31})

    def test_line_ends(self):
        self.client.initialize()
        text = 'module m;\r\ndomain d {\r\n    entry "/usr/sbin/d";\r\n    allow raed "/x";\r\n}\r\n'
        uri = self.client.open(self.folder / "m.macc", text)
        found = self.client.diagnostics_of(uri, 1)[0]
        self.assertEqual(found["range"]["start"], {"line": 3, "character": 10})
        self.client.change(uri, 2, {"range": {"start": {"line": 3, "character": 10}, "end": {"line": 3, "character": 99}},
                                    "text": 'read "/x";'})
        self.assertNotIn("MACC-E0303", self.codes(uri, 2))

    def test_other_open_files_count(self):
        self.shop()
        self.client.initialize()
        web = self.client.open(self.web)
        self.assertEqual(self.codes(web, 1), [])
        shared = self.client.open(self.shared)
        self.client.change(shared, 2, {"text": SHARED.replace("logging(", "journal(")})
        self.client.at("hover", web, 0, 0)
        self.client.at("hover", web, 0, 0)  # what comes before its answer is what the change led to
        self.assertEqual([d["code"] for d in self.client.diagnostics[web]], ["MACC-E0201"])
        self.client.notify("textDocument/didClose", textDocument={"uri": shared})
        self.client.at("hover", web, 0, 0)
        self.client.at("hover", web, 0, 0)
        self.assertEqual(self.client.diagnostics[web], [])

    def test_file_that_is_not_saved_yet(self):
        self.shop()
        self.client.initialize()
        web = self.client.open(self.web)
        self.assertEqual(self.codes(web, 1), [])
        new = self.client.open(self.folder / "policy/mail.macc", "module shop.mail;\npublic let spool = \"/var/spool/shop\";\n")
        self.assertEqual(self.codes(new, 1), [])
        self.client.change(web, 2, {"text": WEB.replace("import std.tls;", "import shop.mail;").replace("${www}", "${mail.spool}").replace(", tls.trust_store", "")})
        self.assertNotIn("MACC-E0203", self.codes(web, 2))
        nowhere = self.client.open("untitled:Untitled-1", "module x;\ndomain y { entry \"/usr/sbin/y\"; allow raed \"/x\"; }\n")
        self.assertEqual(self.codes(nowhere, 1), ["MACC-E0303"])

    def test_file_that_changes_on_disk(self):
        self.shop()
        self.client.initialize(self.folder, workspace={"didChangeWatchedFiles": {"dynamicRegistration": True}})
        uri = self.client.open(self.web)
        self.assertEqual(self.codes(uri, 1), [])
        self.assertEqual(self.client.asked[0]["method"], "client/registerCapability")
        self.write("policy/shared.macc", SHARED.replace("logging(", "journal("))
        self.client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": uri_of(self.shared), "type": 2}])
        while not self.client.diagnostics[uri]:
            self.client.receive()
        self.assertEqual(self.client.diagnostics[uri][0]["code"], "MACC-E0201")

    def test_project_file_that_goes_away(self):
        self.shop()
        bad = self.write("policy/bad.macc", "module bad;\ndomain bd { entry \"/usr/sbin/bd\"; allow raed \"/a\"; }\n")
        self.client.initialize(self.folder)
        uri = self.client.open(self.shared, SHARED + "domain x { foo; }\n")
        self.assertEqual(self.codes(uri, 1), ["MACC-E0101"])
        toml = uri_of(self.folder / "macc.toml")
        (self.folder / "macc.toml").unlink()
        self.client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": toml, "type": 3}])
        for _ in range(2):
            self.client.ask("workspace/symbol", query="")
            self.assertEqual([d["code"] for d in self.client.diagnostics[uri]], ["MACC-E0101"])
            self.assertEqual(self.client.diagnostics.get(toml, []), [])
            self.client.notify("textDocument/didSave", textDocument={"uri": uri})
        self.client.ask("workspace/symbol", query="")
        self.assertEqual(self.client.diagnostics.get(uri_of(bad), []), [])  # of a project that is gone
        # And it may come back.
        self.write("macc.toml", TOML)
        self.client.notify("workspace/didChangeWatchedFiles", changes=[{"uri": toml, "type": 1}])
        while not self.client.diagnostics.get(uri_of(bad)):
            self.client.receive()

    def test_behind_a_link(self):
        """What the client opened through a link is named through it, and once."""
        self.folder = self.folder / "real"
        self.shop()
        bad = self.write("policy/bad.macc", "module bad;\ndomain bd { entry \"/usr/sbin/bd\"; allow raed \"/a\"; }\n")
        link = self.folder.parent / "link"
        link.symlink_to(self.folder)
        for folders in ((link,), ()):
            with self.subTest(folders):
                client = Client(MACC, self.folder)
                self.addCleanup(client.kill)
                client.initialize(*folders)
                uri = client.open(link / "policy/web.macc")
                client.diagnostics_of(uri, 1)
                client.ask("workspace/symbol", query="")
                self.assertEqual([u for u, found in client.diagnostics.items() if found], [uri_of(link / "policy/bad.macc")])
                found = client.at("definition", uri, *place(WEB, "shared.logging", 9))
                self.assertEqual([f["uri"] for f in found], [uri_of(link / "policy/shared.macc")])
        self.client.initialize(self.folder)
        uri = self.client.open(self.folder / "policy/web.macc")
        self.client.diagnostics_of(uri, 1)
        self.client.ask("workspace/symbol", query="")
        self.assertEqual([u for u, found in self.client.diagnostics.items() if found], [uri_of(bad)])

    def test_files_of_no_project(self):
        """Only what imports a changed text is looked at again: the others are told nothing new."""
        one = self.write("one.macc", "module one;\npublic let w = \"/srv/w\";\n")
        two = self.write("two.macc", "module two;\nimport one;\ndomain d { entry \"/usr/sbin/d\"; allow read one.w; }\n")
        self.client.initialize()
        first, second = self.client.open(one), self.client.open(two)
        self.client.diagnostics_of(second, 1)
        self.client.change(first, 2, {"text": one.read_text().replace("w =", "v =")})
        self.client.ask("workspace/symbol", query="")
        self.client.ask("workspace/symbol", query="")
        self.assertEqual([d["code"] for d in self.client.diagnostics[second]], ["MACC-E0201"])
        self.client.change(first, 3, {"text": one.read_text().replace("module one", "module uno")})
        self.client.change(first, 4, {"text": one.read_text()})
        self.client.ask("workspace/symbol", query="")
        self.client.ask("workspace/symbol", query="")
        self.assertNotIn("MACC-E0201", [d["code"] for d in self.client.diagnostics[second]])

    def test_several_projects(self):
        self.write("one/macc.toml", TOML)
        self.write("one/policy/a.macc", "module a;\ndomain ad { entry \"/usr/sbin/ad\"; allow raed \"/a\"; }\n")
        self.write("two/macc.toml", TOML)
        two = self.write("two/policy/b.macc", "module b;\nimport a;\ndomain bd { entry \"/usr/sbin/bd\"; }\n")
        alone = self.write("alone.macc", "module c;\ndomain cd { entry \"/usr/sbin/cd\"; }\n")
        self.client.initialize(self.folder)
        uri = self.client.open(two)
        self.assertEqual(self.codes(uri, 1), ["MACC-E0203"])  # each project has modules of its own
        self.assertEqual(self.client.diagnostics[uri_of(self.folder / "one/policy/a.macc")][0]["code"], "MACC-E0303")
        self.assertEqual(self.codes(self.client.open(alone), 1), [])
        self.client.notify("workspace/didChangeWorkspaceFolders",
                           event={"added": [], "removed": [{"uri": uri_of(self.folder), "name": "x"}]})
        self.client.at("hover", uri, 0, 0)
        self.client.at("hover", uri, 0, 0)
        self.assertEqual(self.client.diagnostics[uri_of(self.folder / "one/policy/a.macc")], [])

    def test_broken_project_file(self):
        self.shop()
        self.write("macc.toml", TOML + "nonsense = 1\n")
        self.client.initialize()
        self.client.open(self.web)
        toml = uri_of(self.folder / "macc.toml")
        while toml not in self.client.diagnostics:
            self.client.receive()
        self.assertEqual(self.client.diagnostics[toml][0]["severity"], 1)
        web = {"textDocument": {"uri": uri_of(self.web)}}
        for method, more in (("codeAction", {"range": START, "context": {"diagnostics": []}}), ("documentSymbol", {}),
                             *((name, {"position": START["start"]}) for name in
                               ("hover", "definition", "completion", "documentHighlight", "prepareRename"))):
            self.assertIsNone(self.client.ask(f"textDocument/{method}", **web, **more), method)

    def test_words_of_policies_are_for_policies(self):
        self.shop()
        self.client.initialize()
        toml = self.client.open(self.folder / "macc.toml")
        self.assertEqual(self.client.at("completion", toml, 0, 0), [])

    def test_huge_documents(self):
        self.client.initialize()
        rules = "".join(f'    allow read "/srv/data{i}/file";\n' for i in range(20000))
        text = "module big;\ndomain bigd {\n    entry \"/usr/sbin/bigd\";\n" + rules + "}\n"
        uri = self.client.open(self.folder / "big.macc", text)
        self.client.diagnostics_of(uri, 1)
        too_big = self.client.open(self.folder / "more.macc", "// " + "x" * (9 << 20))
        self.assertEqual(self.codes(too_big, 1), ["MACC-E0003"])
        self.assertIsNone(self.client.at("hover", uri, 0, 0))


class Findings(Case):
    BAD = WEB.replace('    never change config;\n', '    allow change "/var/lib/webd/**";\n    exec "/var/lib/webd/bin/*";\n')

    def test_lints(self):
        self.shop()
        self.client.initialize()
        uri = self.client.open(self.web, self.BAD)
        codes = self.codes(uri, 1)
        self.assertIn("MACC-L0301", codes)
        found = next(d for d in self.client.diagnostics[uri] if d["code"] == "MACC-L0301")
        self.assertEqual(found["source"], "macc")
        self.assertTrue(found["relatedInformation"])
        # A mistake somewhere else leaves them in place, in texts that did not change.
        shared = self.client.open(self.shared)
        self.client.diagnostics_of(shared, 1)
        self.client.change(shared, 2, {"text": SHARED + "broken"})
        self.client.diagnostics_of(shared, 2)
        self.assertIn("MACC-L0301", [d["code"] for d in self.client.diagnostics[uri]])

    def test_promises_and_tests(self):
        self.shop()
        self.client.initialize()
        text = WEB.replace("expect deny webd read", "expect allow webd read").replace("allow read, list config", "allow manage config")
        uri = self.client.open(self.web, text)
        codes = self.codes(uri, 1)
        self.assertIn("MACC-E0501", codes)
        self.assertIn("MACC-E0502", codes)

    def test_same_as_the_linter(self):
        """What the editor shows is what `macc lint` finds."""
        import subprocess
        self.shop()
        self.web.write_text(self.BAD)
        said = subprocess.run([MACC, "lint", "--format", "json"], cwd=self.folder, capture_output=True, text=True)
        expected = sorted((d["code"], d["message"]) for d in json.loads(said.stdout)["diagnostics"])
        self.client.initialize(self.folder)
        uri = self.client.open(self.web)
        self.client.diagnostics_of(uri, 1)
        shown = sorted((d["code"], d["message"].split("\n")[0]) for all in self.client.diagnostics.values() for d in all)
        self.assertEqual([c for c, _ in shown], [c for c, _ in expected])
        for (_, short), (_, long) in zip(expected, shown):
            self.assertTrue(long.startswith(short), (long, short))

    def actions(self, uri: str, mark: str, text: str, **context) -> list:
        line, character = place(text, mark)
        spot = {"line": line, "character": character}
        return self.client.ask("textDocument/codeAction", textDocument={"uri": uri},
                               range={"start": spot, "end": spot}, context={"diagnostics": [], **context})

    def test_fixes(self):
        self.shop()
        self.client.initialize()
        uri = self.client.open(self.web, WEB.replace("list config", "lsit config"))
        self.client.diagnostics_of(uri, 1)
        text = WEB.replace("list config", "lsit config")
        action, = self.actions(uri, "lsit", text)
        self.assertEqual(action["kind"], "quickfix")
        self.assertEqual(action["diagnostics"][0]["code"], "MACC-E0303")
        change, = action["edit"]["documentChanges"]
        self.assertEqual(change["textDocument"], {"uri": uri, "version": 1})
        self.assertEqual(applied(text, change["edits"]), WEB)

    def test_safe_fixes_of_a_file(self):
        self.shop()
        self.client.initialize()
        text = WEB.replace("import std.tls;", "import std.tls;\nimport std.log;")
        uri = self.client.open(self.web, text)
        self.client.diagnostics_of(uri, 1)
        actions = self.actions(uri, "macc 1", text, only=["source.fixAll"])
        self.assertEqual([a["kind"] for a in actions], ["source.fixAll.macc"])
        after = applied(text, actions[0]["edit"]["documentChanges"][0]["edits"])
        self.assertEqual(after, WEB)
        self.client.change(uri, 2, {"text": after})
        self.assertEqual(self.codes(uri, 2), [])

    def test_all_safe_fixes_are_those_of_the_linter(self):
        import subprocess
        text = """macc 1;
module a;
import std.tls;

boolean unused = false;

/// D.
domain d {
    entry "/usr/sbin/d";
    resource s : state { "/var/lib/d/**" }

    allow read s; allow read s;
    allow list, read s;
    allow read, read "/var/lib/d/y", "/var/lib/d/y";
    deny write s;
    deny write s;
    if unused { allow read s; }
}
"""
        path = self.write("a.macc", text)
        self.client.initialize()
        uri = self.client.open(path)
        action, = self.actions(uri, "macc 1", text, only=["source.fixAll"])
        after = applied(text, action["edit"]["documentChanges"][0]["edits"])
        subprocess.run([MACC, "lint", "--fix", path], capture_output=True, check=False)
        self.assertEqual(after, path.read_text())
        self.assertNotIn("read, read", after)
        # One fix leaves no gap of two blank lines either.
        remove, = [a for a in self.actions(uri, "std.tls", text) if a["kind"] == "quickfix"]
        self.assertEqual(applied(text, remove["edit"]["documentChanges"][0]["edits"]), text.replace("import std.tls;\n\n", "\n"))

    def test_nothing_is_offered_that_cannot_be(self):
        """A module is not told to import itself."""
        text = "module site.ledgers;\nimport site.ledge;\n"
        self.client.initialize()
        uri = self.client.open(self.folder / "m.macc", text)
        self.assertEqual(self.codes(uri, 1), ["MACC-E0203"])
        self.assertEqual(self.actions(uri, "site.ledge;", text), [])

    def test_suggestions_that_narrow_say_so(self):
        self.shop()
        self.client.initialize()
        text = WEB.replace("tcp 443", "tcp 8443")
        uri = self.client.open(self.web, text)
        self.client.diagnostics_of(uri, 1)
        action, = self.actions(uri, "net_bind", text)
        self.assertEqual(action["title"], "Give `net_bind_service` up (narrows what is allowed)")
        self.assertFalse(action["isPreferred"])
        self.assertEqual(self.actions(uri, "net_bind", text, only=["source.fixAll"]), [])

    def test_older_clients(self):
        self.shop()
        self.client.initialize(workspace={})
        text = WEB.replace("list config", "lsit config")
        uri = self.client.open(self.web, text)
        action, = self.actions(uri, "lsit", text)
        self.assertEqual(applied(text, action["edit"]["changes"][uri]), WEB)


class Form(Case):
    def test_format(self):
        self.shop()
        self.client.initialize()
        text = WEB.replace("    allow read       keys,", "  allow   read keys  ,")
        uri = self.client.open(self.web, text)
        options = {"tabSize": 4, "insertSpaces": True}
        edits = self.client.ask("textDocument/formatting", textDocument={"uri": uri}, options=options)
        once = applied(text, edits)
        self.assertIn("    allow read keys, tls.trust_store;\n", once)
        self.client.change(uri, 2, {"text": once})
        self.assertEqual(self.client.ask("textDocument/formatting", textDocument={"uri": uri}, options=options), [])
        self.client.change(uri, 3, {"text": once + "broken"})
        self.assertEqual(self.client.ask("textDocument/formatting", textDocument={"uri": uri}, options=options), [])


class Names(Case):
    def setUp(self):
        super().setUp()
        self.shop()
        self.client.initialize()
        self.uri = self.client.open(self.web)

    def spot(self, mark: str, inside: int = 0) -> tuple[int, int]:
        return place(WEB, mark, inside)

    def names(self, locations: list) -> list[tuple[str, int]]:
        return [(pathlib.Path(l["uri"]).name, l["range"]["start"]["line"] + 1) for l in locations]

    def test_definition(self):
        for mark, inside, where in (("list config;", 6, ("web.macc", 16)), ("${www}", 3, ("web.macc", 9)),
                                    ("if web_can_mail", 5, ("web.macc", 7)), ("deny webd", 6, ("web.macc", 12)),
                                    ("shared.logging", 9, ("shared.macc", 5)), ("shared.logging", 2, ("shared.macc", 2)),
                                    ("import shop.shared", 9, ("shared.macc", 2)), ("when web_can_mail", 6, ("web.macc", 7)),
                                    ("resource config", 10, ("web.macc", 16))):
            with self.subTest(mark):
                found = self.client.at("definition", self.uri, *self.spot(mark, inside))
                self.assertEqual(self.names(found), [where])
        self.assertEqual(self.client.at("definition", self.uri, *self.spot("allow read")), [])

    def test_definition_in_an_abstraction(self):
        shared = self.client.open(self.shared)
        found = self.client.at("definition", shared, *place(SHARED, "list logs", 6))
        self.assertEqual(self.names(found), [("shared.macc", 6)])
        found = self.client.at("definition", shared, *place(SHARED, "${name}", 3))
        self.assertEqual(found[0]["range"], {"start": {"line": 4, "character": 27}, "end": {"line": 4, "character": 31}})

    def test_references(self):
        found = self.client.at("references", self.uri, *self.spot("resource config", 10), context={"includeDeclaration": True})
        self.assertEqual(self.names(found), [("web.macc", 16), ("web.macc", 19), ("web.macc", 26)])
        found = self.client.at("references", self.uri, *self.spot("resource config", 10), context={"includeDeclaration": False})
        self.assertEqual(self.names(found), [("web.macc", 19), ("web.macc", 26)])
        shared = self.client.open(self.shared)
        found = self.client.at("references", shared, *place(SHARED, "logging"), context={"includeDeclaration": False})
        self.assertEqual(self.names(found), [("web.macc", 14)])
        found = self.client.at("documentHighlight", self.uri, *self.spot("webd {"))
        self.assertEqual([h["range"]["start"]["line"] for h in found], [11, 29, 30])

    def test_symbols(self):
        symbols = self.client.ask("textDocument/documentSymbol", textDocument={"uri": self.uri})
        self.assertEqual([s["name"] for s in symbols], ["web_can_mail", "www", "webd", "keeps away"])
        self.assertEqual([s["name"] for s in symbols[2]["children"]], ["config", "keys"])
        found = self.client.ask("workspace/symbol", query="log")
        self.assertEqual(sorted(s["name"] for s in found), ["logging", "logs"])
        found = self.client.ask("workspace/symbol", query="LOG")
        self.assertEqual(sorted(s["name"] for s in found), ["logging", "logs"])

    def rename(self, mark: str, inside: int, name: str) -> dict[str, str]:
        edit = self.client.at("rename", self.uri, *self.spot(mark, inside), newName=name)
        return {pathlib.Path(c["textDocument"]["uri"]).name:
                applied((self.folder / "policy" / pathlib.Path(c["textDocument"]["uri"]).name).read_text(), c["edits"])
                for c in edit["documentChanges"]}

    def test_rename(self):
        spot = self.client.at("prepareRename", self.uri, *self.spot("list config;", 6))
        self.assertEqual((spot["start"]["character"], spot["end"]["character"]), (21, 27))
        after = self.rename("list config;", 6, "settings")
        self.assertEqual(after["web.macc"], WEB.replace("resource config", "resource settings").replace("list config", "list settings").replace("change config", "change settings"))
        after = self.rename("${www}", 3, "pages")
        self.assertEqual(after["web.macc"], WEB.replace("let www", "let pages").replace("${www}", "${pages}"))
        after = self.rename("shared.logging", 9, "journal")
        self.assertEqual(set(after), {"web.macc", "shared.macc"})
        self.assertEqual(after["shared.macc"], SHARED.replace("logging", "journal"))

    def test_rename_in_raw_text_and_unused_values(self):
        text = WEB.replace("    never change config;", '    raw apparmor """\n  ${config} w,\n""";') + '\nlet whole = "${www}/all";\n'
        self.client.change(self.uri, 2, {"text": text})
        edit = self.client.at("rename", self.uri, *place(text, "resource config", 10), newName="settings")
        after = applied(text, edit["documentChanges"][0]["edits"])
        self.assertIn("${settings} w,", after)
        edit = self.client.at("rename", self.uri, *place(text, "let www", 5), newName="pages")
        after = applied(text, edit["documentChanges"][0]["edits"])
        self.assertIn('let whole = "${pages}/all"', after)

    def refused(self, mark: str, inside: int, name: str) -> str:
        with self.assertRaises(Refused) as refused:
            self.client.at("rename", self.uri, *self.spot(mark, inside), newName=name)
        self.assertEqual(refused.exception.code, -32803)
        return str(refused.exception)

    def test_rename_refused(self):
        self.assertIn("no name", self.refused("list config;", 6, "two words"))
        self.assertIn("word of the language", self.refused("list config;", 6, "domain"))
        self.assertIn("declared twice", self.refused("list config;", 6, "keys"))
        self.assertIn("modules", self.refused("module shop", 9, "other"))
        self.assertIn("no name here", self.refused("macc 1", 0, "other"))
        # a name that would catch the uses of another one
        text = WEB.replace('let www = "/srv/www";', 'let www = "/srv/www";\nlet keys = "/srv/keys";').replace("allow read       keys, tls.trust_store;", "allow read tls.trust_store;")
        self.client.change(self.uri, 2, {"text": text.replace("resource keys ", "resource locks ").replace('"${www}/**"', "keys")})
        with self.assertRaises(Refused):
            self.client.at("rename", self.uri, *place(text, "resource keys", 10), newName="keys")
        self.client.change(self.uri, 3, {"text": WEB + "broken"})
        self.assertIn("mend them first", self.refused("list config;", 6, "settings"))

    def test_standard_library(self):
        text = WEB.replace("keys, tls.trust_store", "tls.trust_store")
        self.client.change(self.uri, 2, {"text": text})
        spot = place(text, "tls.trust_store", 6)
        self.assertEqual(self.client.at("definition", self.uri, *spot), [])  # it is in no file
        self.assertIn("external resource trust_store", self.client.at("hover", self.uri, *spot)["contents"]["value"])
        with self.assertRaises(Refused):
            self.client.at("prepareRename", self.uri, *spot)


class Hover(Case):
    def hover(self, text: str, mark: str, inside: int = 0, toml: str = TOML) -> str:
        self.shop()
        self.write("macc.toml", toml)
        self.client.initialize()
        uri = self.client.open(self.web, text)
        while True:
            answer = self.client.at("hover", uri, *place(text, mark, inside))
            shown = "" if answer is None else answer["contents"]["value"]
            if "still being worked out" not in shown:  # as on a busy machine
                return shown

    def test_rule(self):
        text = self.hover(WEB, "allow read, list config", 1)
        self.assertIn("`webd`: `allow read, list config`", text)
        self.assertIn("its paths: `\"/etc/webd/**\"` without what lies in `keys`", text)
        self.assertIn("**profiles**", text)
        self.assertIn("/etc/webd/", text.split("**profiles**")[1])

    def test_written_paths(self):
        self.assertIn("in the resource `shop.web.webd.config`", self.hover(WEB.replace('"${www}/**"', '"/etc/webd/app.toml"'), "/etc/webd/app"))

    def test_paths_of_the_system(self):
        self.assertIn("they belong to the system", self.hover(WEB, "${www}/**", 8))

    def test_hover_holds_nobody_up(self):
        self.shop()
        self.client.initialize()
        uri = self.client.open(self.web)
        self.client.diagnostics_of(uri, 1)
        line, character = place(WEB, "allow read, list config", 1)
        document = {"textDocument": {"uri": uri}}
        hover = {"method": "textDocument/hover", "params": {**document, "position": {"line": line, "character": character}}}
        symbols = {"method": "textDocument/documentSymbol", "params": document}
        messages = [{"id": "slow", **hover}, {"id": "fast", **symbols}, {"id": "slow too", **hover}]
        self.client.send_bytes(b"".join(self.client.framed(m) for m in messages))
        answers = [self.client.receive() for _ in messages]
        self.assertEqual([a["id"] for a in answers], ["fast", "slow", "slow too"])
        self.assertEqual(answers[1]["result"], answers[2]["result"])
        # A change while it is being worked out: it is answered all the same, or called off.
        number = self.client.start("textDocument/hover", **hover["params"])
        self.client.change(uri, 2, {"text": "\n" + WEB})
        try:
            self.client.answer(number)
        except Refused as refused:
            self.assertEqual(refused.code, -32801)

    def test_condition(self):
        self.assertIn("`allow connect tcp 25`, if `web_can_mail`", self.hover(WEB, "allow connect", 1))

    def test_names_and_words(self):
        text = self.hover(WEB, "list config;", 6)
        self.assertIn("resource config : config", text)
        self.assertIn("settings that an administrator writes", text)

    def test_verb(self):
        self.assertIn("read the names in a directory", self.hover(WEB, "list config;", 1))

    def test_capability(self):
        self.assertIn("bind ports below 1024", self.hover(WEB, "net_bind", 1))

    def test_abstraction(self):
        self.assertIn("Writes a log of its own.", self.hover(WEB, "shared.logging", 8))

    def test_include(self):
        text = self.hover(WEB, "include shared", 1)
        self.assertNotIn("not known", text)

    def test_missing_base(self):
        toml = TOML + '\n[target.modules]\nbackend = "selinux"\nbase = "missing.base"\n'
        text = self.hover(WEB, "allow read, list config", 1, toml)
        self.assertIn("**modules**\n\nnot known: ", text)
        self.assertIn("**profiles**\n\n- ", text)

    def test_errors(self):
        self.assertIn("not known while the policies have errors", self.hover(WEB + "broken", "allow read, list config", 1))

    def test_nothing(self):
        self.assertEqual(self.hover(WEB, "macc 1;", 4), "")


class Completion(Case):
    def complete(self, body: str, text: str = WEB) -> list[str]:
        """The labels at `|`, in a statement of the domain."""
        return self.complete_whole(text.replace("    never change config;", "    " + body))

    def complete_whole(self, text: str) -> list[str]:
        at = text.index("|")
        line, character = place(text, "|")
        self.shop()
        client = Client(MACC, self.folder)
        self.addCleanup(client.kill)
        client.initialize()
        uri = client.open(self.web, text[:at] + text[at + 1:])
        self.items = client.at("completion", uri, line, character)
        return [item["label"] for item in self.items]

    def test_phrases(self):
        labels = self.complete("allow |")
        self.assertIn("read", labels)
        self.assertIn("manage", labels)
        self.assertIn("capability", labels)
        self.assertNotIn("config", labels)
        self.assertIn("write", self.complete("allow read, |"))
        self.assertIn("write", self.complete("allow read, wr|"))
        self.assertNotIn("exec", self.complete("allow read, |"))
        self.assertIn("read", self.complete("audit deny |"))
        self.assertIn("read", self.complete("never |"))

    def test_objects(self):
        labels = self.complete("allow read |;")
        self.assertIn("config", labels)
        self.assertIn("www", labels)
        self.assertIn("tls.trust_store", labels)
        self.assertIn("logs", labels)  # an include brings it
        self.assertIn("keys", self.complete("allow read, list config, |"))
        self.assertIn("keys", self.complete("allow read config except |"))
        self.assertIn("config", self.complete("exec |"))
        self.assertIn("webd", self.complete("exec \"/bin/x\" to |"))
        self.assertIn("config", self.complete('allow read "/etc/**" except { |'))
        self.assertEqual(self.complete("resource more : log { |"), ["www"])
        self.assertEqual(self.complete('resource more : log { "/a/**" |'), ["except"])
        other = WEB.replace("\ntest ", """
domain worker {
    entry "/usr/sbin/worker";
    resource jobs : runtime { "/run/jobs" }
    allow read "/x";
}

test """)
        self.assertIn("worker.jobs", self.complete("allow connect unix |", other))
        self.assertIn("worker.jobs", self.complete_whole(other + "\nnever any change |"))
        self.assertNotIn("webd.config", self.complete("allow read |", other))

    def test_after_a_missing_semicolon(self):
        self.assertIn("config", self.complete("allow read keys\n    allow read |"))

    def test_words_of_the_kernel(self):
        self.assertIn("net_bind_service", self.complete("allow capability |"))
        self.assertIn("sys_admin", self.complete("allow capability net_admin, sys|"))
        self.assertIn("netlink.route", self.complete("allow socket |"))
        self.assertIn("netlink.route", self.complete("allow socket netlink.|"))
        self.assertIn("term", self.complete("allow signal |"))
        self.assertIn("self", self.complete("allow signal term to |"))
        self.assertIn("tcp", self.complete("allow listen |"))
        self.assertIn("nosuid", self.complete("allow mount tmpfs options |"))

    def test_declarations(self):
        self.assertIn("secret", self.complete("resource more : |"))
        self.assertIn("web_can_mail", self.complete("if |"))
        self.assertIn("unit", self.complete("entry \"/usr/sbin/x\" from |"))
        self.assertIn("shared.logging", self.complete("include |"))
        self.assertIn("allow", self.complete("|"))
        self.assertIn("selinux", self.complete("raw |"))
        self.assertIn("domain", self.complete_whole(WEB + "\n|"))
        self.assertIn("std.service", self.complete_whole(WEB.replace("import std.tls;", "import |")))
        self.assertIn("std.service", self.complete_whole(WEB.replace("import std.tls;", "import std.se|;")))
        self.assertIn("webd", self.complete_whole(WEB + "\ntest \"x\" {\n    expect deny |\n}\n"))
        self.assertIn("config", self.complete_whole(WEB + "\ntest \"x\" {\n    expect deny webd read |\n}\n"))
        self.assertIn("resource", self.complete_whole(WEB + "\nabstraction x(a: |"))
        self.assertIn("allow", self.complete_whole(WEB + "\nabstraction x(a: resource, b: domain) {\n    |\n}\n"))
        labels = self.complete_whole(WEB + "\nabstraction x(a: resource, b: domain) {\n    allow read |\n}\n")
        self.assertIn("a", labels)
        self.assertIn("webd", self.complete_whole(WEB + "\ndomain inner in |"))
        self.assertEqual(self.complete_whole(WEB.replace("import std.tls;", "import std.tls as |")), [])
        self.assertNotIn("else", self.complete("deny read keys; |"))
        self.assertIn("else", self.complete("if web_can_mail { allow read keys; } |"))

    def test_expectations(self):
        def expect(rest: str) -> list[str]:
            return self.complete_whole(WEB + '\ntest "x" {\n    expect allow webd ' + rest + "\n}\n")
        labels = expect("signal term to |")
        self.assertIn("webd", labels)
        self.assertFalse({"owner", "when"} & set(labels))
        self.assertIn("when", expect("signal term to webd |"))
        self.assertIn("when", expect("read config |"))
        self.assertNotIn("when", expect("read, list |"))

    def test_in_texts(self):
        self.assertIn("www", self.complete('allow read "${|'))
        self.assertIn("www", self.complete('allow read "${w|}/x";'))
        self.assertEqual(self.complete('allow read "/et|c";'), [])
        self.assertEqual(self.complete("// allow |"), [])
        self.assertEqual(self.complete("/* allow | */"), [])
        self.assertIn("writable-and-executable", self.complete('@expect("|'))

    def test_what_is_put_in(self):
        labels = self.complete("allow read tls.tr|")
        item = self.items[labels.index("tls.trust_store")]
        self.assertEqual(item["textEdit"]["newText"], "tls.trust_store")
        self.assertEqual(item["textEdit"]["range"]["end"]["character"] - item["textEdit"]["range"]["start"]["character"], 6)
        labels = self.complete("include serv|")
        item = self.items[labels.index("service.daemon")]
        edit, = item["additionalTextEdits"]
        self.assertEqual(edit["newText"], "import std.service;\n")
        self.assertEqual(edit["range"]["start"], {"line": 5, "character": 0})


class Speed(Case):
    def test_large_project(self):
        sys.path.insert(0, str(ROOT / "tests/bench"))
        import workspace
        project = self.folder / "fleet"
        project.mkdir()
        workspace.write(project, 120)
        self.client.initialize(project)
        path = project / "policy/svc0007.macc"
        text = path.read_text()
        uri = self.client.open(path)
        self.client.diagnostics_of(uri, 1)
        # the whole project follows in the background
        other = uri_of(project / "policy/svc0008.macc")
        while other not in self.client.diagnostics:
            self.client.receive()
        start = time.monotonic()
        for version in range(2, 12):
            self.client.change(uri, version, {"range": {"start": {"line": 0, "character": 0},
                                                        "end": {"line": 0, "character": 0}}, "text": "\n"})
            self.client.diagnostics_of(uri, version)
        each = (time.monotonic() - start) / 10
        print(f"a change in a project of 120 services: {each * 1000:.0f} ms", file=sys.stderr)
        self.assertLess(each, 2)
        found = self.client.at("references", uri, *place("\n" * 10 + text, "shared.service", 8), context={"includeDeclaration": True})
        self.assertEqual(len(found), 121)


def main() -> None:
    global MACC
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    MACC = options.macc.resolve()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
