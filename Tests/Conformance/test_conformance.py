"""Holds the API of a real node against its own OpenAPI document, with requests that schemathesis makes up.

Usage: test_conformance.py [--seed NUMBER]   (THEATER names the binary; else that of the debug build)

Twice: with a token that may do everything, and with none. Nothing may be answered with a status of 500 or more, and
nothing that the document does not describe: status, content type, body. Without a token nothing but the operations
that need none may be done. An actor lives all the time, and most requests are about it.
"""

import json
import os
import random
import subprocess
import sys
import threading
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Tests", "Dashboard"))

from stage import Stage  # noqa: E402

# A whole run may take this long, in seconds: it takes one or two minutes, and more on a machine that does other work.
TIME_MAX = 900
# And one answer.
ANSWER_TIME_MAX = 120

# Operations that answer for as long as the client wants.
STREAMS = ["followEvents", "followTree", "followActor", "followSubscribers", "followDeadLetters", "openChannel"]

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"


class Keeper:
    """Keeps an actor alive under a name while requests stop and kill it."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.name = name
        self.over = threading.Event()
        self.starts = 0
        self.thread = threading.Thread(target=self.keep)
        self.ensure()
        self.thread.start()

    def ensure(self) -> None:
        body = {"manifest": self.stage.manifest, "module": self.stage.module, "name": self.name}
        request = urllib.request.Request(
            self.stage.address + "/v1/actors", data=json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.stage.token, "Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=ANSWER_TIME_MAX).read()
            self.starts += 1
        except urllib.error.HTTPError as error:
            # It lives, then the name is taken.
            if json.loads(error.read())["code"] != "actor.name-taken":
                raise

    def keep(self) -> None:
        while not self.over.wait(0.2):
            self.ensure()

    def end(self) -> None:
        self.over.set()
        self.thread.join()


def described(stage: Stage) -> dict:
    """The document, with what makes most requests be about something that is there."""
    document = stage.ask("/v1/openapi.json")
    known = {
        "actor": ["subject", "subject", "subject", "nobody"], "digest": [stage.module, "0" * 64],
        "function": ["greet", "init", "none"], "module": [stage.module, "0" * 64],
        "namespace": ["pages", "theater.modules"],
        # Its own token is not taken back.
        "token": ["nobody"],
    }
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in known:
                    texts = known[parameter["name"]]
                    parameter["schema"] = {
                        "anyOf": [{"enum": sorted(set(texts))}, parameter["schema"]]}
                # A node that waits for minutes as it is told to makes no good use of the time.
                if parameter["name"] in ("timeout", "grace"):
                    parameter["schema"] = {"type": "string", "pattern": "^[0-9]{1,3}ms$"}
    return document


def run(stage: Stage, document: str, seed: int, token: str | None, count: int) -> bool:
    """Makes the requests; whether all answers were as described."""
    command = [
        os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", document, "--url", stage.address,
        "--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--seed", str(seed),
        "--max-examples", str(count), "--generation-database", "none", "--warnings", "off", "--no-color",
        "--request-timeout", str(ANSWER_TIME_MAX), "--continue-on-failure",
        "--suppress-health-check", "all", "--output-sanitize", "false",
        # These have tests of their own.
        *(word for name in STREAMS for word in ("--exclude-operation-id", name)),
    ]
    if token is not None:
        command += ["--header", "Authorization:Bearer " + token]
    else:
        command[command.index("--checks") + 1] = CHECKS.replace(",ignored_auth", "")
    environment = dict(os.environ, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=os.path.dirname(os.path.abspath(__file__)))
    done = subprocess.run(
        command, cwd=stage.folder, env=environment, capture_output=True, text=True, timeout=TIME_MAX, check=False)
    words = "with a token" if token is not None else "without a token"
    if done.returncode != 0:
        print(done.stdout[-20_000:], done.stderr[-2_000:], sep="\n")
        print(f"conformance: failed {words}, seed {seed}")
        return False
    summary = [line.strip() for line in done.stdout.splitlines() if "generated" in line or "passed" in line]
    print(f"conformance: passed {words}: {'; '.join(summary)}")
    return True


def main() -> None:
    arguments = sys.argv[1:]
    seed = int(arguments[1]) if arguments[:1] == ["--seed"] else random.SystemRandom().randrange(1 << 32)
    print(f"conformance: seed {seed}", flush=True)
    stage = Stage()
    try:
        keeper = Keeper(stage, "subject")
        try:
            path = os.path.join(stage.folder, "openapi.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(described(stage), file)
            good = run(stage, path, seed, stage.token, 40)
            good = run(stage, path, seed, None, 10) and good
        finally:
            keeper.end()
            if stage.process.poll() is not None:
                print("".join(stage.log), f"conformance: the node ended with {stage.process.returncode}", sep="\n")
        # It lives after all this.
        with urllib.request.urlopen(stage.address + "/readyz", timeout=ANSWER_TIME_MAX) as answer:
            good = good and answer.status == 200
        print(f"conformance: the actor was started {keeper.starts} times")
    finally:
        stage.end()
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
