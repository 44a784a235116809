#!/usr/bin/env python3
"""Looks at the report of `macc doc` in a real browser, without a network: it is whole, its links lead somewhere, its filter
works, nothing in it asks for another file, and hostile names stay text.

Chromium is driven over its debugging pipe. Without it the test is skipped (77).
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
SECONDS = 60
POLICY = """macc 1;
module shop;

import std.service;

/// Takes orders: <script>alert("doc")</script> & more.
domain webd {
    entry "/usr/lib/shop/webd";
    include service.daemon;
    resource spool : state { "/var/spool/shop/**", "/srv/<b>bold</b>/\\"quoted\\"/**" except "/var/spool/shop/raw/**" }
    allow manage spool;
    allow listen tcp 8443;
    never write "/etc/**";
}

/// Makes pages.
domain render {
    entry "/usr/lib/shop/render";
    allow read webd.spool;
}

test "no <i>hashes</i>" { expect deny webd read "/etc/shadow"; }
"""

PROJECT = """[project]
policy = ["policy"]

[target.apparmor]
backend = "apparmor"

[target.selinux]
backend = "selinux"
"""


class Browser:
    """Speaks the DevTools protocol over the pipes 3 and 4 of the browser: messages with a NUL behind each."""

    def __init__(self, program: str, folder: pathlib.Path):
        to_browser, from_browser = os.pipe(), os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
                   f"--user-data-dir={folder / 'profile'}", "about:blank"]

        def take_pipes() -> None:
            os.dup2(to_browser[0], 103)
            os.dup2(from_browser[1], 104)
            os.dup2(103, 3)
            os.dup2(104, 4)

        self.process = subprocess.Popen(command, preexec_fn=take_pipes, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False)
        self.out, self.into = to_browser[1], from_browser[0]
        self.number, self.rest, self.events, self.session = 0, b"", [], None

    def message(self) -> dict:
        while b"\0" not in self.rest:
            chunk = os.read(self.into, 1 << 16)
            if not chunk:
                raise RuntimeError("the browser ended")
            self.rest += chunk
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method: str, **parameters) -> dict:
        self.number += 1
        call = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            call["sessionId"] = self.session
        os.write(self.out, json.dumps(call).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, address: str) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.navigate", url=address)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.message())

    def value(self, expression: str):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def problems_of(browser: Browser, page: pathlib.Path) -> list[str]:
    browser.open(page.as_uri())
    problems = []

    def check(good: bool, what: str) -> None:
        if not good:
            problems.append(what)

    value = browser.value
    check("shop.webd" in value("document.body.innerText"), "a domain is missing")
    check(value("document.scripts.length") == 1, "a name of the policy became a script")
    check(value("document.querySelectorAll('b').length") == value("[...document.querySelectorAll('b')].filter(b => b.closest('p')).length"),
          "a path of the policy became markup")
    check('<script>alert("doc")</script>' in value("document.body.textContent"), "the text of a comment is not as it was")
    dead = value("[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
                 ".filter(id => document.getElementById(id) === null)")
    check(dead == [], f"links lead nowhere: {dead}")
    check(value("document.querySelectorAll('svg line').length") > 0, "the graph has no ways")
    rows = "[...document.querySelectorAll('[data-text]')].filter(r => !r.hidden).length"
    everything = value(rows)
    value("document.getElementById('filter').value = 'tcp 8443';"
          "document.getElementById('filter').dispatchEvent(new Event('input'))")
    check(0 < value(rows) < everything, "the filter does not filter")
    check(value("document.getElementById('shown').textContent").endswith(f"of {everything}"), "the filter does not count")
    value("document.getElementById('filter').value = '';"
          "document.getElementById('filter').dispatchEvent(new Event('input'))")
    check(value(rows) == everything, "the filter does not give everything back")
    check(value("document.documentElement.scrollWidth <= window.innerWidth"), "the page is wider than the window")
    check(value("[...document.querySelectorAll('th')].every(th => th.scrollHeight < 2 * parseFloat(getComputedStyle(th).lineHeight))"),
          "the title of a column is broken")
    for topic in ("file-write", "attributes"):
        check(value(f"[...document.querySelectorAll('summary')].filter(s => s.innerText.startsWith('{topic}: wider')"
                    " && s.nextElementSibling.textContent.length > 20).length") == 1, f"the report does not say what {topic} means")
    check("except /var/spool/shop/raw/**" in value("document.getElementById('resources').nextElementSibling.textContent"),
          "what a resource leaves out is not there")
    asked = [e["params"]["request"]["url"] for e in browser.events if e.get("method") == "Network.requestWillBeSent"]
    check(all(url == page.as_uri() for url in asked), f"the report asks for other files: {asked}")
    said = [e["params"] for e in browser.events if e.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded")]
    check(said == [], f"the browser complains: {said}")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--macc", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        print("skipped: there is no browser here (apt-get install chromium)")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="macc-doc-") as name:
        folder = pathlib.Path(name)
        (folder / "policy").mkdir()
        (folder / "policy/shop.macc").write_text(POLICY)
        (folder / "macc.toml").write_text(PROJECT)
        command = [arguments.macc.resolve(), "doc", "--project", folder, "--out", folder / "report"]
        reports = []
        for started_in in (folder, folder / "policy", "/"):
            subprocess.run(command, cwd=started_in, check=True, timeout=SECONDS * 5, stdout=subprocess.DEVNULL)
            reports.append((folder / "report/index.html").read_text())
        problems = [] if len(set(reports)) == 1 else ["the report depends on where macc was started"]
        problems += ["the report names folders of this machine"] if name in reports[0] else []
        browser = Browser(program, folder)
        try:
            problems += problems_of(browser, folder / "report/index.html")
        finally:
            browser.end()
    print("\n".join(problems) or "the report is whole, and works in a browser")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
