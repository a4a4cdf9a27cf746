"""A node with actors, for those who look at its dashboard."""

import collections
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


# What an actor is told and nobody else; it would be an element if it were taken for markup.
SECRET = "hush<img src=x onerror=alert(4)>"


class Stage:
    """`theater serve` on a free port, with a token that may do everything and an actor that greets."""

    def __init__(self) -> None:
        self.theater = os.environ.get("THEATER") or os.path.join(ROOT, ".build", "debug", "theater")
        self.folder = tempfile.mkdtemp(prefix="theater-dashboard-")
        data = os.path.join(self.folder, "data")
        self.environment = dict(os.environ, THEATER_DATA=data, NO_COLOR="1")
        self.process = subprocess.Popen(
            [self.theater, "serve", "--data", data, "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, cwd=self.folder, env=dict(os.environ, DOOR_KEY=SECRET))
        # What it said last.
        self.log: collections.deque[str] = collections.deque(maxlen=200)
        try:
            self.address = self._address()
            self.token = self.tool("token", "create", "browser", "--scope", "admin", "--data", data).strip()
            self.tool("new", "greeter", "--template", "hello")
            self.tool("build", "greeter")
            self.module = self.keep("greeter")
            with open(os.path.join(self.folder, "greeter/manifest.toml"), encoding="utf-8") as file:
                self.manifest = file.read()
        except BaseException:
            self.end()
            raise

    def _address(self) -> str:
        for line in self.process.stderr:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                # Its words are read for as long as it says any: a full pipe would hold it up.
                threading.Thread(target=self.log.extend, args=(self.process.stderr,), daemon=True).start()
                return found.group()
        raise AssertionError("the node ended before it listened")

    def tool(self, *arguments: str) -> str:
        """Runs a command of theater."""
        done = subprocess.run(
            [self.theater, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(f"theater {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, path: str, body: bytes | None = None, kind: str = "application/json", method: str | None = None):
        """Asks the node beside the browser."""
        request = urllib.request.Request(
            self.address + path, data=body, method=method or ("GET" if body is None else "POST"),
            headers={"Authorization": "Bearer " + self.token, "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()}") from error
        return json.loads(text) if text else None

    def keep(self, project: str) -> str:
        """Gives the node the module of a project that is built; its digest."""
        with open(os.path.join(self.folder, project, "build", project + ".wasm"), "rb") as file:
            return self.ask("/v1/modules", file.read(), "application/wasm")["digest"]

    def make(self, name: str, pact: str, source: str) -> str:
        """Makes an actor of one's own; the digest of its module."""
        self.tool("new", name, "--template", "hello")
        for path, text in (("actor.pact", pact), ("Sources/Actor.swift", source)):
            with open(os.path.join(self.folder, name, path), "w", encoding="utf-8") as file:
                file.write(text)
        self.tool("build", name)
        return self.keep(name)

    def start(self, name: str, manifest: str | None = None, module: str | None = None) -> str:
        """Starts an actor with a name, one that greets unless another is given; its identity."""
        body = json.dumps({"manifest": manifest or self.manifest, "module": module or self.module, "name": name})
        return self.ask("/v1/actors", body.encode())["id"]

    def call(self, actor: str, function: str, *arguments: object):
        """Calls a function of an actor."""
        return self.ask(f"/v1/actors/{actor}/call?function={urllib.parse.quote(function)}", json.dumps(arguments).encode())

    def greet(self, actor: str, whom: str) -> None:
        """Calls an actor, which logs whom it greets."""
        self.call(actor, "greet", whom)

    def end(self) -> None:
        """Ends the node."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.folder, ignore_errors=True)
