"""A headless Chromium, spoken to through a pipe in its DevTools protocol."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time

# No answer and no change of the page takes longer than this, in seconds, on a machine that does other work as well.
TIME_MAX = 180


class Browser:
    """One page of one browser. Records dialogs, errors of the console and violations of the page's policy."""

    def __init__(self) -> None:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        if program is None:
            raise SystemExit("test_dashboard: there is no chromium; install the Debian package chromium")
        self.profile = tempfile.mkdtemp(prefix="theater-browser-")
        in_read, self.out = os.pipe()
        self.into, out_write = os.pipe()

        def place_pipes() -> None:
            # The browser reads at 3 and writes at 4.
            os.dup2(in_read, 203)
            os.dup2(out_write, 204)
            os.dup2(203, 3)
            os.dup2(204, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(in_read)
        os.close(out_write)
        self.last = 0
        self.answers: dict[int, dict] = {}
        self.noticed = threading.Condition()
        self.complaints: list[str] = []
        # What the node did not do, which the browser writes down as well.
        self.refused: list[str] = []
        self.asked: list[str] = []
        self.session = None
        threading.Thread(target=self._read, daemon=True).start()
        targets = self.command("Target.getTargets")["targetInfos"]
        target = next(each for each in targets if each["type"] == "page")
        self.session = self.command(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)

    def _read(self) -> None:
        held = b""
        while True:
            try:
                part = os.read(self.into, 1 << 16)
            except OSError:
                part = b""
            if not part:
                with self.noticed:
                    self.answers[-1] = {}
                    self.noticed.notify_all()
                return
            held += part
            *messages, held = held.split(b"\0")
            for message in messages:
                self._take(json.loads(message))

    def _take(self, message: dict) -> None:
        facts = message.get("params", {})
        match message.get("method"):
            case "Page.javascriptDialogOpening":
                self.complaints.append(f"dialog: {facts['message']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(f"exception: {json.dumps(facts['exceptionDetails'])[:600]}")
            case "Log.entryAdded" if facts["entry"]["source"] == "network":
                self.refused.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}")
            case "Log.entryAdded" if facts["entry"]["level"] == "error":
                self.complaints.append(f"log: {facts['entry']['text']} {facts['entry'].get('url', '')}")
            case "Runtime.consoleAPICalled" if facts["type"] in ("error", "assert"):
                self.complaints.append(f"console: {json.dumps(facts['args'])[:600]}")
            case "Network.requestWillBeSent":
                self.asked.append(facts["request"]["url"])
        if "id" in message:
            with self.noticed:
                self.answers[message["id"]] = message
                self.noticed.notify_all()

    def command(self, method: str, **parameters) -> dict:
        """Sends a command and waits for its answer."""
        self.last += 1
        number = self.last
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        with self.noticed:
            self.noticed.wait_for(lambda: number in self.answers or -1 in self.answers, timeout=TIME_MAX)
            answer = self.answers.pop(number, None)
        if answer is None:
            raise AssertionError(f"the browser did not answer {method}")
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def run(self, script: str):
        """The value of an expression in the page."""
        answer = self.command(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{script}: {json.dumps(answer['exceptionDetails'])[:600]}")
        return answer["result"].get("value")

    def until(self, script: str, what: str, most: float = TIME_MAX) -> object:
        """Waits until an expression is true in the page."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            value = self.run(f"(value => value instanceof Node || value)({script})")
            if value:
                return value
            # The page tells when anything changed in it; the clock is for what shows in no element.
            self.run("new Promise(r => { const o = new MutationObserver(() => { o.disconnect(); r(); });"
                     "o.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});"
                     "setTimeout(() => { o.disconnect(); r(); }, 500); })")
        text = self.run("document.querySelector('main')?.innerText.slice(0, 2000)")
        raise AssertionError(f"{what}: it did not come. The page has:\n{text}")

    def go(self, address: str) -> None:
        """Opens an address."""
        self.command("Page.navigate", url=address)

    def press(self, key: str, code: int) -> None:
        """Presses a key and lets it go."""
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                         windowsVirtualKeyCode=code, **(text if kind == "keyDown" else {}))

    def type(self, text: str) -> None:
        """Writes where the focus is."""
        self.command("Input.insertText", text=text)

    def end(self) -> None:
        """Ends the browser."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)
