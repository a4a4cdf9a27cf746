"""Types the commands of a page's section and compares what they answer with what the page shows.

Usage: walk.py PAGE SECTION FOLDER. Runs in FOLDER; `cd` holds for what follows. In the blocks of the section, a line that begins
with "$ " is typed, and the lines below it are the answer, on both streams. A line that ends with "…" stands for all that begin as
it does, and "…" alone for any number of lines. Numbers that differ from run to run are not compared. A block of Swift is what
the function of Sources/Actor.swift that returns a greeting ends with from then on.
"""

import os
import re
import subprocess
import sys

VARYING = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT", "DAY "),
    (r"\d\d:\d\d:\d\d\.\d{3}", "TIME"),
    (r"[0-9a-f]{64}", "DIGEST"),
    (r"theater\.node/[0-9a-f]{16}", "NODE"),
    (r"\d+ units of fuel", "FUEL"),
    (r"[\d.]+ KiB, built in [\d.]+ s", "SIZE"),
]


def plain(line: str) -> str:
    """A line without what differs from run to run."""
    for pattern, name in VARYING:
        line = re.sub(pattern, name, line)
    return line.rstrip()


def fits(shown: str, said: str) -> bool:
    """Whether a line is as the page shows it."""
    shown, said = plain(shown), plain(said)
    if shown == said:
        return True
    return shown.endswith("…") and said.startswith(shown[:-1].rstrip())


def difference(shown: list, said: list) -> str:
    """What the answer lacks; empty when it is as the page shows it."""
    place = 0
    anywhere = False
    for line in shown:
        if line.strip() == "…":
            anywhere = True
            continue
        start = place
        while anywhere and place < len(said) and not fits(line, said[place]):
            place += 1
        if place >= len(said) or not fits(line, said[place]):
            return f"the page shows   {line}\nand this was said {said[start:start + 3]}"
        place += 1
        anywhere = False
    if not anywhere and place < len(said):
        return f"the page does not show {said[place]}"
    return ""


def blocks(page: str, section: str) -> list:
    """The blocks of a section, each with its language."""
    text = open(page, encoding="utf-8").read()
    found = re.search(rf"^## {re.escape(section)}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    if not found:
        sys.exit(f"{page} has no section '{section}'")
    return re.findall(r"^```(\w+)\n(.*?)^```$", found.group(1), re.M | re.S)


def edit(folder: str, lines: str) -> None:
    """Lets the function that returns a greeting end with other lines."""
    path = os.path.join(folder, "Sources", "Actor.swift")
    source = open(path, encoding="utf-8").read()
    changed, count = re.subn(
        r'(?m)(^ +let places = .*\n)?^ +return "Hello(.*\n)+?(?=    }\n)', lambda _: lines, source)
    if count != 1:
        sys.exit("Sources/Actor.swift has no greeting to change")
    open(path, "w", encoding="utf-8").write(changed)


def run(command: str, folder: str) -> tuple:
    """Types a command; answers with what it says and with the folder that follows."""
    after = os.path.join(folder, ".folder")
    done = subprocess.run(
        ["sh", "-c", f"{command}\npwd >'{after}'"], cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    folder = open(after, encoding="utf-8").read().strip()
    os.remove(after)
    return done.stdout.splitlines(), folder


def main() -> int:
    page, section, folder = sys.argv[1:]
    count = 0
    for language, text in blocks(page, section):
        if language == "swift":
            edit(folder, text)
            continue
        typed = []
        for line in text.splitlines():
            if line.startswith("$ "):
                typed.append((line[2:], []))
            elif typed:
                typed[-1][1].append(line)
        for command, shown in typed:
            said, folder = run(command, folder)
            count += 1
            wrong = difference(shown, said)
            print(f"{'WRONG' if wrong else 'ok   '}  {command}")
            if wrong:
                print(wrong, *said, sep="\n")
                return 1
    if count == 0:
        sys.exit("the section shows no commands")
    print(f"{count} commands answer as {page} shows it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
