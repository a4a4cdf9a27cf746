# SPDX-License-Identifier: Apache-2.0
"""Compares the chains of a journal with a ledger outside of it.

    check.py JOURNAL LEDGER ACKNOWLEDGED DURABILITY

Written from Documentation/JournalFormat.md and Documentation/Effects.md alone; it shares no code with
the runtime. LEDGER has a line `<effect> <text>` for each effect that took place, ACKNOWLEDGED a line
`<actor> <text>` for each that was answered. Prints `ok`, the numbers of events, effects and doubts,
and each effect in doubt; or what is wrong, and exits with 1.
"""

import hashlib
import os
import struct
import sys
import uuid


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def crc32c_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


TABLE = crc32c_table()


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


class Payload:
    def __init__(self, data):
        self.data, self.place = data, 2

    def number(self):
        value, shift = 0, 0
        while True:
            byte = self.data[self.place]
            self.place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def byte(self):
        self.place += 1
        return self.data[self.place - 1]

    def bytes(self):
        size = self.number()
        self.place += size
        return self.data[self.place - size : self.place]


def fail(text):
    print("WRONG", text)
    sys.exit(1)


def text_of(value):
    """The string in a value of the guest ABI: the only thing in it that looks like one of ours."""
    start = value.find(b"-")
    if start < 8:
        fail("a value holds no text: %r" % value)
    start -= 8
    end = start
    while end < len(value) and chr(value[end]) in "0123456789abcdef-":
        end += 1
    return value[start:end].decode()


def records(path, is_last):
    """The whole records of a segment. A part of one may stand at the end of the last segment."""
    data = open(path, "rb").read()
    place = 76
    if len(data) < place:
        if is_last:
            return
        fail("%s has no header" % path)
    while place < len(data):
        rest = data[place:]
        size = struct.unpack_from("<I", rest, 4)[0] if len(rest) >= 72 else None
        head = 72
        if size is not None and rest[8] == 1 and len(rest) >= 154:
            head = 154 + struct.unpack_from("<H", rest, 152)[0]
        elif size is not None and rest[8] == 2:
            head = size
        whole = size is not None and head <= size <= len(rest)
        if not whole or struct.unpack_from("<I", rest, 0)[0] != crc32c(rest[4:head]):
            if is_last:
                return
            fail("%s is damaged at %d" % (path, place))
        yield rest[:size]
        place += size


def main():
    journal, ledger_path, acknowledged_path, durability = sys.argv[1:]
    names = sorted(n for n in os.listdir(journal) if n.endswith(".journal"))
    heads, intents, outcomes, settled, returned = {}, {}, {}, {}, {}
    count = 0
    for name in names:
        for record in records(os.path.join(journal, name), name == names[-1]):
            actor = record[16:32]
            if record[8] == 2:
                heads[actor] = (0, sha(b"theater.chain.1\0", actor))
                continue
            if record[8] != 1:
                continue
            count += 1
            size = struct.unpack_from("<H", record, 152)[0]
            sequence = struct.unpack_from("<Q", record, 104)[0]
            payload = record[154 + size :]
            expected, parent = heads.get(actor, (None, None))
            if (sequence, record[72:104]) != (expected, parent):
                fail("event %d of %s does not follow" % (sequence, uuid.UUID(bytes=actor)))
            if sha(payload) != record[120:152]:
                fail("the payload of event %d does not match" % sequence)
            digest = sha(b"theater.event.1\0", record[72 : 154 + size])
            if digest != record[40:72]:
                fail("the hash of event %d does not match" % sequence)
            heads[actor] = (sequence + 1, digest)
            key = "%s:%d" % (uuid.UUID(bytes=actor), sequence)
            reader = Payload(payload)
            if payload[1] == 10:
                kind, policy = reader.byte(), reader.byte()
                intents[key] = (text_of(reader.bytes()), kind, policy)
            elif payload[1] in (11, 12, 13):
                intent = "%s:%d" % (uuid.UUID(bytes=actor), reader.number())
                if intent not in intents:
                    fail("event %s speaks of %s, which is no intent" % (key, intent))
                if intent in outcomes or intent in settled:
                    fail("%s ended twice" % intent)
                if payload[1] == 13:
                    settled[intent] = reader.byte()
                else:
                    outcomes[intent] = payload[1] == 11
            elif payload[1] == 3:
                returned.setdefault(str(uuid.UUID(bytes=actor)), 0)
                returned[str(uuid.UUID(bytes=actor))] += 1

    done = {}
    ledger = open(ledger_path).read().split("\n") if os.path.exists(ledger_path) else [""]
    for line in ledger[:-1]:
        effect, text = line.split(" ")
        if effect in done:
            fail("the effect %s was done twice" % effect)
        if text in done.values():
            fail("%s was done under two identities" % text)
        done[effect] = text
    acknowledged = [line.split() for line in open(acknowledged_path)]

    for effect, text in done.items():
        if durability == "memory":
            continue
        if effect not in intents:
            fail("the effect %s was done, and its intent is not in the chain" % effect)
        if intents[effect][0] != text:
            fail("the effect %s was %s, and its intent %s" % (effect, text, intents[effect][0]))
    for effect, is_answered in outcomes.items():
        if is_answered and effect not in done:
            fail("the chain says that %s was done, and it was not" % effect)
    texts = set(done.values())
    answered = {intents[effect][0] for effect, ok in outcomes.items() if ok}
    for actor, text in acknowledged:
        if text not in texts:
            fail("%s was answered, and not done" % text)
        if durability == "strict":
            if text not in answered:
                fail("%s was answered, and its outcome is not in the chain" % text)
            if int(text.rsplit("-", 1)[1]) >= returned.get(actor, 0):
                fail("%s was answered, and its return is not in the chain" % text)

    doubts = sorted(e for e in intents if e not in outcomes and e not in settled)
    took_place = sum(e in done for e in doubts)
    print("ok", count, len(done), len(doubts), took_place)
    for effect in doubts:
        print("doubt", effect)


main()
