"""A small tool server: JSON-RPC 2.0 on standard input and output, one message a line, as MCP has it.

Its tools see the folder that it was started in, and nothing above it. It has two faults on purpose, as servers have:
a file that is not UTF-8 ends it, and a pattern may take it for ever.
"""

import json
import os
import re
import sys

VERSIONS = ("2025-06-18", "2025-03-26", "2024-11-05")
FILES_MAX = 200
HITS_MAX = 50
ROOT = os.path.realpath(".")

# What ends the server is one line of its complaints.
sys.tracebacklimit = 0


class Refused(Exception):
    """What a tool tells the one who called it."""


def place(path: str) -> str:
    """The real path of something in the folder."""
    full = os.path.realpath(os.path.join(ROOT, path))
    if full != ROOT and not full.startswith(ROOT.rstrip("/") + "/"):
        raise Refused(f"'{path}' is outside the folder")
    return full


def text_of(path: str) -> str:
    with open(place(path), "rb") as file:
        return file.read().decode()


def list_files(folder: str = ".") -> str:
    start = place(folder)
    if not os.path.isdir(start):
        raise Refused(f"'{folder}' is no folder")
    found = []
    for base, folders, names in os.walk(start):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += (os.path.relpath(os.path.join(base, name), ROOT) for name in sorted(names) if not name.startswith("."))
        if len(found) > FILES_MAX:
            raise Refused(f"'{folder}' has more than {FILES_MAX} files; name a smaller one")
    return "\n".join(found)


def count(path: str) -> str:
    text = text_of(path)
    return json.dumps({"lines": text.count("\n"), "words": len(text.split()), "bytes": len(text.encode())})


def search(path: str, pattern: str) -> str:
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise Refused(f"'{pattern}' is no pattern: {error}") from error
    lines = enumerate(text_of(path).split("\n"), 1)
    hits = [f"{number}: {line}" for number, line in lines if wanted.search(line)]
    return "\n".join(hits[:HITS_MAX])


def schema(required: list[str], **names: str) -> dict:
    properties = {name: {"type": "string", "description": text} for name, text in names.items()}
    return {"type": "object", "properties": properties, "required": required}


TOOLS = {
    "list_files": (list_files, "The files below a folder, one on each line", schema([], folder="The folder; . for all")),
    "count": (count, "Counts the lines, words and bytes of a file", schema(["path"], path="The file")),
    "search": (
        search,
        "The lines of a file that match a regular expression",
        schema(["path", "pattern"], path="The file", pattern="The expression, as Python has them"),
    ),
}


def call(params: dict) -> dict:
    name = params.get("name")
    if name not in TOOLS:
        raise Refused(f"there is no tool '{name}'")
    function, _, shape = TOOLS[name]
    arguments = params.get("arguments") or {}
    wrong = [key for key in arguments if key not in shape["properties"] or not isinstance(arguments[key], str)]
    wrong += [key for key in shape["required"] if key not in arguments]
    if wrong:
        raise Refused(f"'{name}' does not take these arguments: {', '.join(wrong)}")
    try:
        return {"content": [{"type": "text", "text": function(**arguments)}], "isError": False}
    except (Refused, OSError) as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}


def answer(method: str, params: dict) -> dict:
    if method == "initialize":
        asked = params.get("protocolVersion")
        return {
            "protocolVersion": asked if asked in VERSIONS else VERSIONS[0],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "files", "version": "1"},
        }
    if method == "ping":
        return {}
    if method == "tools/list":
        return {"tools": [{"name": n, "description": d, "inputSchema": s} for n, (_, d, s) in TOOLS.items()]}
    if method == "tools/call":
        return call(params)
    raise LookupError(method)


def main() -> None:
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        reply = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            reply["result"] = answer(message.get("method", ""), message.get("params") or {})
        except LookupError as error:
            reply["error"] = {"code": -32601, "message": f"there is no method {error}"}
        except Refused as error:
            reply["error"] = {"code": -32602, "message": str(error)}
        print(json.dumps(reply), flush=True)


main()
