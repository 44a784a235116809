"""A client of `macc lsp` for tests: JSON-RPC over the streams of the process, as an editor speaks it."""
import contextlib
import json
import os
import pathlib
import queue
import subprocess
import threading
import urllib.parse

SECONDS = 60


class Refused(Exception):
    """The server answered a request with an error."""

    def __init__(self, error: dict):
        super().__init__(error["message"])
        self.code = error["code"]


def uri_of(path: pathlib.Path) -> str:
    return "file://" + urllib.parse.quote(str(path))


class Client:
    def __init__(self, macc: pathlib.Path, folder: pathlib.Path, cache: str | None = None):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder),
                       "XDG_CACHE_HOME": cache or os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")}
        self.process = subprocess.Popen([macc, "lsp"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.incoming: queue.Queue = queue.Queue()
        self.number = 0
        self.diagnostics: dict[str, list] = {}  # the last list of each URI
        self.versions: dict[str, int] = {}      # the version of the text that it is about
        self.logged: list[str] = []
        self.asked: list[dict] = []             # requests of the server
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        stream = self.process.stdout
        while True:
            length = None
            while line := stream.readline().strip():
                name, value = line.split(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                self.incoming.put(None)
                return
            self.incoming.put(json.loads(stream.read(length)))

    # ---- sending

    def send_bytes(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def framed(self, message: dict) -> bytes:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)

    def notify(self, method: str, **params) -> None:
        self.send_bytes(self.framed({"method": method, "params": params}))

    def start(self, method: str, **params) -> int:
        """Sends a request and does not wait for the answer."""
        self.number += 1
        self.send_bytes(self.framed({"id": self.number, "method": method, "params": params}))
        return self.number

    # ---- receiving

    def receive(self) -> dict:
        message = self.incoming.get(timeout=SECONDS)
        if message is None:
            raise EOFError("the server is gone: " + self.process.stderr.read().decode())
        if message.get("method") == "textDocument/publishDiagnostics":
            params = message["params"]
            self.diagnostics[params["uri"]] = params["diagnostics"]
            self.versions[params["uri"]] = params.get("version")
        elif message.get("method") == "window/logMessage":
            self.logged.append(message["params"]["message"])
        elif "method" in message and "id" in message:
            self.asked.append(message)
            self.send_bytes(self.framed({"id": message["id"], "result": None}))
        return message

    def answer(self, number: int):
        while True:
            message = self.receive()
            if message.get("id") != number or "method" in message:
                continue
            if "error" in message:
                raise Refused(message["error"])
            return message["result"]

    def ask(self, method: str, **params):
        return self.answer(self.start(method, **params))

    # ---- what editors do

    def initialize(self, *folders: pathlib.Path, encodings: tuple[str, ...] = (), **capabilities) -> dict:
        capabilities.setdefault("workspace", {"workspaceEdit": {"documentChanges": True}})
        if encodings:
            capabilities["general"] = {"positionEncodings": list(encodings)}
        result = self.ask("initialize", processId=None, rootUri=None, capabilities=capabilities,
                          workspaceFolders=[{"uri": uri_of(f), "name": f.name} for f in folders] or None)
        self.notify("initialized")
        return result

    def open(self, path: pathlib.Path | str, text: str | None = None, version: int = 1) -> str:
        uri = path if isinstance(path, str) else uri_of(path)
        text = text if text is not None else path.read_text()
        self.notify("textDocument/didOpen",
                    textDocument={"uri": uri, "languageId": "macc", "version": version, "text": text})
        return uri

    def change(self, uri: str, version: int, *changes: dict) -> None:
        self.notify("textDocument/didChange", textDocument={"uri": uri, "version": version},
                    contentChanges=list(changes))

    def at(self, method: str, uri: str, line: int, character: int, **more):
        return self.ask("textDocument/" + method, textDocument={"uri": uri},
                        position={"line": line, "character": character}, **more)

    def diagnostics_of(self, uri: str, version: int) -> list:
        """The diagnostics of a version of an open text, once they are there."""
        while self.versions.get(uri) != version:
            self.receive()
        return self.diagnostics[uri]

    def close(self) -> int:
        self.ask("shutdown")
        self.notify("exit")
        return self.process.wait(SECONDS)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(SECONDS)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with contextlib.suppress(OSError):
                stream.close()


def place(text: str, mark: str, inside: int = 0) -> tuple[int, int]:
    """Line and character of a part of the text (ASCII before it in its line)."""
    at = text.index(mark) + inside
    line = text.count("\n", 0, at)
    return line, at - (text.rfind("\n", 0, at) + 1)


def applied(text: str, edits: list) -> str:
    """The text after edits (ASCII)."""
    starts = [0]
    for row in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))

    def offset(position: dict) -> int:
        return min(starts[min(position["line"], len(starts) - 1)] + position["character"], len(text))

    for edit in sorted(edits, key=lambda e: offset(e["range"]["start"]), reverse=True):
        text = text[:offset(edit["range"]["start"])] + edit["newText"] + text[offset(edit["range"]["end"]):]
    return text
