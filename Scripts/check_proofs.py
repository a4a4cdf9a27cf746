"""Checks the proofs, checkpoints and bundles of Theater without any of its code.

Written from RFC 6962 (section 2.1), RFC 8032 (section 5.1), C2SP signed-note, tlog-checkpoint and
tlog-proof, and from Documentation/Proofs.md for what an event is. Needs Python 3.9 and nothing else.

  check_proofs.py checkpoint FILE --key KEY     a checkpoint
  check_proofs.py proof FILE --key KEY          a proof of inclusion or of consistency
  check_proofs.py bundle FILE --key KEY         a bundle
  check_proofs.py make DIRECTORY [--seed N]     makes right and wrong ones, and vectors.json about them
  check_proofs.py self-test                     the vectors of RFC 8032, and the tree against its definition

Prints one JSON object. The exit code is 0 when it holds, 3 when it does not, 2 for wrong arguments.
"""

import argparse
import base64
import binascii
import hashlib
import json
import os
import random
import struct
import sys
import unicodedata
import uuid


class Refused(Exception):
    """Something does not hold."""


def require(condition: bool, reason: str) -> None:
    if not condition:
        raise Refused(reason)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


# Ed25519, RFC 8032, section 5.1. Not constant in time: for keys of tests, and for checking.

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    """Section 5.1.4, in extended homogeneous coordinates."""
    t1 = (a[1] - a[0]) * (b[1] - b[0]) % P
    t2 = (a[1] + a[0]) * (b[1] + b[0]) % P
    t3 = 2 * a[3] * b[3] * D % P
    t4 = 2 * a[2] * b[2] % P
    e, f, g, h = t2 - t1, t4 - t3, t4 + t3, t2 + t1
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar: int, point):
    result = (0, 1, 1, 0)
    while scalar > 0:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(a, b) -> bool:
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_encode(point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def point_decode(data: bytes):
    """Section 5.1.3; None when it is no point."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * SQRT_MINUS_ONE % P
    if (x * x - square) % P != 0 or (x == 0 and sign == 1):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = point_decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def expand(seed: bytes):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def public_key(seed: bytes) -> bytes:
    return point_encode(point_multiply(expand(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    scalar, prefix = expand(seed)
    public = public_key(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    start = point_encode(point_multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(start + public + message).digest(), "little") % L
    return start + ((r + k * scalar) % L).to_bytes(32, "little")


def is_signature(public: bytes, signature: bytes, message: bytes) -> bool:
    """Section 5.1.7."""
    if len(signature) != 64:
        return False
    a, r = point_decode(public), point_decode(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    return point_equal(point_multiply(s, BASE), point_add(r, point_multiply(k, a)))


# The Merkle tree, RFC 6962, section 2.1, as it is defined there: by recursion.


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


def tree_head(entries) -> bytes:
    """MTH(D[n])."""
    if not entries:
        return sha256(b"")
    if len(entries) == 1:
        return leaf_hash(entries[0])
    k = split(len(entries))
    return node_hash(tree_head(entries[:k]), tree_head(entries[k:]))


def audit_path(m: int, entries) -> list:
    """PATH(m, D[n])."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return audit_path(m, entries[:k]) + [tree_head(entries[k:])]
    return audit_path(m - k, entries[k:]) + [tree_head(entries[:k])]


def consistency_path(m: int, entries, whole: bool = True) -> list:
    """SUBPROOF(m, D[n], b); PROOF(m, D[n]) with b true."""
    if m == len(entries):
        return [] if whole else [tree_head(entries)]
    k = split(len(entries))
    if m <= k:
        return consistency_path(m, entries[:k], whole) + [tree_head(entries[k:])]
    return consistency_path(m - k, entries[k:], False) + [tree_head(entries[:k])]


def root_of_path(m: int, n: int, leaf: bytes, path: list) -> bytes:
    """The root to which a path leads: PATH, read from its end."""
    if n == 1:
        require(not path, "the proof has too many hashes")
        return leaf
    require(bool(path), "the proof has too few hashes")
    k = split(n)
    if m < k:
        return node_hash(root_of_path(m, k, leaf, path[:-1]), path[-1])
    return node_hash(path[-1], root_of_path(m - k, n - k, leaf, path[:-1]))


def roots_of_consistency(m: int, n: int, old: bytes, path: list, whole: bool = True):
    """The roots of both trees to which a proof leads: SUBPROOF, read from its end."""
    if m == n:
        require(len(path) == (0 if whole else 1), "the proof has a wrong number of hashes")
        return (old, old) if whole else (path[0], path[0])
    require(bool(path), "the proof has too few hashes")
    k = split(n)
    if m <= k:
        first, second = roots_of_consistency(m, k, old, path[:-1], whole)
        return first, node_hash(second, path[-1])
    first, second = roots_of_consistency(m - k, n - k, old, path[:-1], False)
    return node_hash(path[-1], first), node_hash(path[-1], second)


# Signed notes and checkpoints, C2SP.


def decode_base64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(what + " is not base64")
    require(base64.b64encode(data).decode() == text, what + " is not base64 in its one form")
    return data


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode_number(text: str, what: str) -> int:
    require(text.isascii() and text.isdigit(), what + " is not a number")
    require(text == "0" or text[0] != "0", what + " begins with a zero")
    number = int(text) if len(text) <= 20 else 2**64
    require(number < 2**64, what + " is too large")
    return number


def is_key_name(name: str) -> bool:
    def is_space(letter: str) -> bool:
        return letter.isspace() or unicodedata.category(letter).startswith("Z")

    return bool(name) and "+" not in name and not any(is_space(letter) for letter in name)


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n\x01" + public)[:4]


class Key:
    """A verifier key: name+id+base64(0x01 || public key)."""

    def __init__(self, text: str):
        parts = text.split("+", 2)
        require(len(parts) == 3 and is_key_name(parts[0]), "the key is not name+id+key")
        data = decode_base64(parts[2], "the key")
        require(len(data) == 33 and data[0] == 1, "the key is not of Ed25519")
        self.name, self.public = parts[0], data[1:]
        self.id = key_id(self.name, self.public)
        require(self.id.hex() == parts[1], "the id of the key is wrong")


def open_note(data: bytes, key: Key) -> str:
    """The text of a note that the key signed."""
    try:
        note = data.decode()
    except UnicodeDecodeError:
        raise Refused("the note is not UTF-8")
    require(not any(ord(letter) < 32 and letter != "\n" for letter in note), "a control character")
    require(note.endswith("\n"), "the note does not end with a line's end")
    gap = note.rfind("\n\n")
    require(gap >= 0, "the note has no empty line")
    text, lines = note[: gap + 1], note[gap + 2 : -1].split("\n")
    found = False
    for line in lines:
        parts = line.split(" ")
        require(len(parts) == 3 and parts[0] == "\u2014", "a signature line has a wrong form")
        require(is_key_name(parts[1]), "a signature line has a wrong name")
        signature = decode_base64(parts[2], "a signature")
        require(len(signature) > 4, "a signature is too short")
        if parts[1] == key.name and signature[:4] == key.id:
            valid = is_signature(key.public, signature[4:], text.encode())
            require(valid, "the signature does not fit the note")
            found = True
    require(found, "the key did not sign the note")
    return text


class Checkpoint:
    """A checkpoint that the key signed of a chain."""

    def __init__(self, data: bytes, key: Key):
        lines = open_note(data, key).split("\n")
        require(len(lines) == 5 and lines[4] == "", "the checkpoint has not four lines")
        require(lines[0].startswith(key.name + "/"), "the checkpoint is of another node's chain")
        actor = lines[0][len(key.name) + 1 :]
        try:
            self.actor = uuid.UUID(actor)
        except ValueError:
            raise Refused("the checkpoint names no actor")
        require(str(self.actor) == actor, "the checkpoint names no actor")
        self.size = decode_number(lines[1], "the size")
        self.root = decode_base64(lines[2], "the root")
        require(len(self.root) == 32, "the root has not 32 bytes")
        require(lines[3].startswith("head "), "the checkpoint has no head")
        try:
            self.head = bytes.fromhex(lines[3][5:])
        except ValueError:
            raise Refused("the head is not hexadecimal")
        require(lines[3] == "head " + self.head.hex() and len(self.head) == 32, "a wrong head")

    def facts(self) -> dict:
        return {"actor": str(self.actor), "size": self.size, "root": self.root.hex(), "head": self.head.hex()}


# Events, Documentation/Proofs.md.

EVENT_TAG = b"theater.event.1\x00"
GENESIS_TAG = b"theater.chain.1\x00"
SPAWNED = "theater.runtime/spawned"


def genesis(actor: uuid.UUID) -> bytes:
    return sha256(GENESIS_TAG + actor.bytes)


class Event:
    """An event as it is handed to others."""

    def __init__(self, data: bytes):
        require(len(data) >= 82, "an event is too short")
        self.parent, self.sequence, self.time, self.digest, size = struct.unpack("<32sQq32sH", data[:82])
        require(1 <= size <= 1024 and len(data) >= 82 + size, "the type of an event has a wrong size")
        try:
            self.type = data[82 : 82 + size].decode()
        except UnicodeDecodeError:
            raise Refused("the type of an event is not UTF-8")
        rest = data[82 + size :]
        require(not rest or sha256(rest) == self.digest, "a payload does not have its digest")
        self.payload = rest if sha256(rest) == self.digest else None
        self.hash = sha256(EVENT_TAG + data[: 82 + size])

    def contents(self) -> list:
        """The digests of the module and the manifest, when the actor starts with this event."""
        if self.type != SPAWNED or self.payload is None or self.payload[:2] != b"\x01\x01":
            return []
        return [self.payload[2:34], self.payload[34:66]]

    def facts(self) -> dict:
        return {"sequence": self.sequence, "type": self.type, "hash": self.hash.hex(), "time": self.time}


def encode_event(parent: bytes, sequence: int, time: int, kind: str, payload: bytes) -> bytes:
    name = kind.encode()
    return struct.pack("<32sQq32sH", parent, sequence, time, sha256(payload), len(name)) + name + payload


# Proofs and bundles.


def check_checkpoint(data: bytes, key: Key) -> dict:
    return {"kind": "checkpoint", **Checkpoint(data, key).facts()}


def read_path(lines: list) -> list:
    path = [decode_base64(line, "a hash") for line in lines]
    require(all(len(hash) == 32 for hash in path), "a hash has not 32 bytes")
    require(len(path) <= 65, "the proof has too many hashes")
    return path


def check_proof(data: bytes, key: Key) -> dict:
    parts = data.split(b"\n\n")
    try:
        lines = parts[0].decode().split("\n")
    except UnicodeDecodeError:
        raise Refused("the proof is not UTF-8")
    if lines[0] == "c2sp.org/tlog-proof@v1":
        require(len(parts) == 3, "the proof has a wrong number of parts")
        return check_inclusion(lines, parts[1] + b"\n\n" + parts[2], key)
    require(lines[0] == "theater.chain/consistency@v1", "the kind of the proof is not known")
    require(len(parts) == 5, "the proof has a wrong number of parts")
    old = Checkpoint(parts[1] + b"\n\n" + parts[2] + b"\n", key)
    new = Checkpoint(parts[3] + b"\n\n" + parts[4], key)
    path = read_path(lines[1:])
    require(old.actor == new.actor, "the checkpoints are of two chains")
    require(0 < old.size <= new.size, "the sizes are not in order")
    roots = roots_of_consistency(old.size, new.size, old.root, path)
    require(roots == (old.root, new.root), "the proof does not lead to both roots")
    require(old.size < new.size or old.head == new.head, "two heads for one size")
    return {"kind": "consistency", "actor": str(new.actor), "from": old.size, "to": new.size}


def check_inclusion(lines: list, note: bytes, key: Key) -> dict:
    checkpoint = Checkpoint(note, key)
    require(len(lines) >= 3 and lines[1].startswith("extra "), "the proof has no event")
    require(lines[2].startswith("index "), "the proof has no index")
    event = Event(decode_base64(lines[1][6:], "the event"))
    index = decode_number(lines[2][6:], "the index")
    require(event.sequence == index, "the event is of another place")
    require(index < checkpoint.size, "the index is outside of the tree")
    root = root_of_path(index, checkpoint.size, leaf_hash(event.hash), read_path(lines[3:]))
    require(root == checkpoint.root, "the proof does not lead to the root")
    require(index > 0 or event.parent == genesis(checkpoint.actor), "the event is of another actor")
    require(index + 1 < checkpoint.size or event.hash == checkpoint.head, "the event is not the head")
    return {"kind": "inclusion", "actor": str(checkpoint.actor), "size": checkpoint.size, **event.facts()}


BUNDLE_MAGIC = b"\x89THBNDL\n"


def check_bundle(data: bytes, key: Key) -> dict:
    require(len(data) >= 34 and data[:8] == BUNDLE_MAGIC, "this is not a bundle")
    version, actor, count = struct.unpack("<H16sQ", data[8:34])
    require(version == 1, "the version of the bundle is not known")
    actor, offset, newest = uuid.UUID(bytes=actor), 34, 1
    checkpoints, contents, events, leaves = [], [], [], []
    head = genesis(actor)
    while newest != 4:
        require(len(data) >= offset + 9, "the bundle is cut")
        kind, size = struct.unpack("<BQ", data[offset : offset + 9])
        body = data[offset + 9 : offset + 9 + size]
        require(len(body) == size, "the bundle is cut")
        require(newest <= kind <= 4, "a section cannot stand where it is")
        newest = kind
        if kind == 1:
            checkpoint = Checkpoint(body, key)
            require(checkpoint.actor == actor, "a checkpoint is of another chain")
            require(not checkpoints or checkpoints[-1].size < checkpoint.size, "checkpoints not in order")
            checkpoints.append(checkpoint)
        elif kind == 2:
            contents.append(sha256(body))
        elif kind == 3:
            event = Event(body)
            place = "event %d " % len(events)
            require(event.sequence == len(events), place + "has another sequence")
            require(event.parent == head, place + "does not follow the one before")
            head = event.hash
            events.append(event)
            leaves.append(event.hash)
        else:
            require(body == sha256(data[: offset + 9]), "the digest of the bundle is wrong")
        offset += 9 + size
    require(offset == len(data), "bytes follow the end of the bundle")
    require(len(events) == count, "the bundle has another number of events than it says")
    require(bool(checkpoints) and checkpoints[-1].size == count, "no checkpoint of the whole chain")
    for checkpoint in checkpoints:
        require(checkpoint.root == tree_head(leaves[: checkpoint.size]), "the events do not have a signed root")
        newest_hash = leaves[checkpoint.size - 1] if checkpoint.size else genesis(actor)
        require(checkpoint.head == newest_hash, "the events do not have a signed head")
    named = [digest for event in events for digest in event.contents()]
    require(len(set(contents)) == len(contents), "a module or manifest is there twice")
    require(set(contents) <= set(named), "a module or manifest is named by no event")
    return {
        "kind": "bundle", "actor": str(actor), "count": count, "head": head.hex(),
        "root": checkpoints[-1].root.hex(), "checkpoints": [c.size for c in checkpoints],
        "contents": sorted(digest.hex() for digest in contents),
        "withheld": sum(event.payload is None for event in events),
    }


# Making vectors.


class Log:
    """A chain of a made-up actor with a key of its own."""

    def __init__(self, generator: random.Random, name: str, count: int):
        self.seed, self.name = generator.randbytes(32), name
        self.actor = uuid.UUID(int=generator.getrandbits(128))
        self.module, self.manifest = generator.randbytes(300), b'name = "made-up"\n'
        self.events, head = [], genesis(self.actor)
        for sequence in range(count):
            kind, payload = "made-up:log/add", generator.randbytes(generator.randrange(0, 40))
            if sequence == 0:
                kind = SPAWNED
                payload = b"\x01\x01" + sha256(self.module) + sha256(self.manifest) + bytes(4)
            time = generator.randrange(-(2**40), 2**62)
            self.events.append(encode_event(head, sequence, time, kind, payload))
            head = Event(self.events[-1]).hash
        self.hashes = [Event(event).hash for event in self.events]

    def key(self) -> str:
        public = public_key(self.seed)
        return "%s+%s+%s" % (self.name, key_id(self.name, public).hex(), encode_base64(b"\x01" + public))

    def note(self, text: str, seed: bytes = b"", name: str = "", id: bytes = b"") -> str:
        seed, name = seed or self.seed, name or self.name
        id = id or key_id(name, public_key(seed))
        return "%s\n\u2014 %s %s\n" % (text, name, encode_base64(id + sign(seed, text.encode())))

    def text(self, size: int, root: bytes = b"", head: bytes = b"", origin: str = "") -> str:
        newest = self.hashes[size - 1] if size else genesis(self.actor)
        return "%s\n%d\n%s\nhead %s\n" % (
            origin or "%s/%s" % (self.name, self.actor), size,
            encode_base64(root or tree_head(self.hashes[:size])), (head or newest).hex())

    def checkpoint(self, size: int) -> str:
        return self.note(self.text(size))

    def inclusion(self, index: int, size: int, note: str = "", event: bytes = b"", path=None) -> str:
        path = audit_path(index, self.hashes[:size]) if path is None else path
        lines = ["c2sp.org/tlog-proof@v1", "extra " + encode_base64(event or self.events[index])]
        lines += ["index %d" % index] + [encode_base64(hash) for hash in path]
        return "\n".join(lines) + "\n\n" + (note or self.checkpoint(size))

    def consistency(self, old: int, new: int, path=None) -> str:
        path = consistency_path(old, self.hashes[:new]) if path is None else path
        lines = ["theater.chain/consistency@v1"] + [encode_base64(hash) for hash in path]
        return "\n".join(lines) + "\n\n" + self.checkpoint(old) + "\n" + self.checkpoint(new)

    def bundle(self, sizes: list, contents: list, events: list) -> bytes:
        data = BUNDLE_MAGIC + struct.pack("<H16sQ", 1, self.actor.bytes, len(events))
        sections = [(1, self.checkpoint(size).encode()) for size in sizes]
        sections += [(2, content) for content in contents] + [(3, event) for event in events]
        for kind, body in sections:
            data += struct.pack("<BQ", kind, len(body)) + body
        data += struct.pack("<BQ", 4, 32)
        return data + sha256(data)


def make(directory: str, seed: int) -> dict:
    generator = random.Random(seed)
    count = generator.randrange(40, 80)
    log = Log(generator, "made-up.example/log", count)
    other = Log(generator, log.name, count)
    files = []

    def add(kind: str, valid: bool, text, **facts) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        name = "%03d-%s" % (len(files), kind)
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)
        files.append({"file": name, "kind": kind, "valid": valid, **facts})

    for size in [0, 1, 2, 3, 7, 8, 9, count]:
        add("checkpoint", True, log.checkpoint(size), size=size)
        for index in range(min(size, 9)):
            add("proof", True, log.inclusion(index, size), size=size, sequence=index)
    event = log.events[count - 2]
    bare = event[: 82 + len("made-up:log/add")]
    add("proof", True, log.inclusion(count - 2, count, event=bare), size=count, sequence=count - 2)
    cosigned = log.checkpoint(count) + other.note(log.text(count), name="witness.example").split("\n\n")[1]
    add("checkpoint", True, cosigned, size=count)
    add("proof", True, log.inclusion(5, count, note=cosigned), size=count, sequence=5)
    for old, new in [(1, 1), (1, 2), (2, 3), (3, 7), (4, 8), (6, 8), (7, 8), (8, 9), (9, count), (count, count)]:
        add("proof", True, log.consistency(old, new), **{"from": old, "to": new})
    parts = [log.module, log.manifest]
    add("bundle", True, log.bundle([1, 8, count], parts, log.events), size=count)
    add("bundle", True, log.bundle([count], [], log.events), size=count)
    withheld = log.events[: count - 2] + [bare, log.events[-1]]
    add("bundle", True, log.bundle([count], [], withheld), size=count)
    add("bundle", True, log.bundle([0], [], []), size=0)

    def wrong(kind: str, reason: str, text) -> None:
        add(kind, False, text, reason=reason)

    good = log.text(count)
    wrong("checkpoint", "signed by another key of this name", log.note(good, seed=other.seed))
    forged = log.note(good, seed=other.seed, id=key_id(log.name, public_key(log.seed)))
    wrong("checkpoint", "signed by another key, with the id of this one", forged)
    wrong("checkpoint", "signed under another name", log.note(good, name="made-up.example/other"))
    wrong("checkpoint", "of another node's chain", log.note(log.text(3, origin="other.example/%s" % log.actor)))
    changed = log.checkpoint(count).replace("\n%d\n" % count, "\n%d\n" % (count + 1))
    wrong("checkpoint", "changed after signing", changed)
    wrong("checkpoint", "a size with a leading zero", log.note(good.replace("\n%d\n" % count, "\n0%d\n" % count)))
    wrong("checkpoint", "another extension line", log.note(good + "more\n"))
    path = audit_path(5, log.hashes)
    wrong("proof", "a hash is missing", log.inclusion(5, count, path=path[:-1]))
    wrong("proof", "a hash too many", log.inclusion(5, count, path=path + [path[0]]))
    wrong("proof", "two hashes swapped", log.inclusion(5, count, path=[path[1], path[0]] + path[2:]))
    wrong("proof", "the event of another place", log.inclusion(5, count, event=log.events[4]))
    wrong("proof", "the event of another chain", log.inclusion(5, count, event=other.events[5]))
    wrong("proof", "the checkpoint of another size", log.inclusion(5, count, note=log.checkpoint(count - 1)))
    wrong("proof", "the checkpoint of another chain", log.inclusion(5, count, note=other.checkpoint(count)))
    wrong("proof", "an index that does not exist", log.inclusion(5, count).replace("index 5\n", "index %d\n" % count))
    wrong("proof", "the path of an inclusion", log.consistency(9, count, path=audit_path(8, log.hashes)))
    wrong("proof", "no path", log.consistency(9, count, path=[]))
    wrong("proof", "a path from a size to itself", log.consistency(9, 9, path=[path[0]]))
    wrong("proof", "backwards", log.consistency(count, 9, path=consistency_path(9, log.hashes)))
    wrong("bundle", "without the last event", log.bundle([count], parts, log.events[:-1]))
    wrong("bundle", "without an event", log.bundle([count], parts, log.events[:7] + log.events[8:]))
    swapped = log.events[:7] + [log.events[8], log.events[7]] + log.events[9:]
    wrong("bundle", "with two events swapped", log.bundle([count], parts, swapped))
    wrong("bundle", "with an event of another chain", log.bundle([count], parts, log.events[:7] + other.events[7:]))
    wrong("bundle", "without a checkpoint of the whole", log.bundle([8], parts, log.events))
    wrong("bundle", "without a checkpoint", log.bundle([], parts, log.events))
    wrong("bundle", "with checkpoints out of order", log.bundle([8, 1, count], parts, log.events))
    wrong("bundle", "with a module that nobody named", log.bundle([count], [b"other"], log.events))
    wrong("bundle", "with a module twice", log.bundle([count], parts + parts[:1], log.events))
    wrong("bundle", "with bytes behind its end", log.bundle([count], parts, log.events) + b"\n")
    wrong("bundle", "cut", log.bundle([count], parts, log.events)[:-1])
    vectors = {"seed": seed, "key": log.key(), "files": files}
    with open(os.path.join(directory, "vectors.json"), "w", encoding="utf-8") as file:
        json.dump(vectors, file, indent=1)
    return {"kind": "vectors", "count": len(files), "key": log.key()}


# The script's own check.

# RFC 8032, section 7.1: seed, public key, message, signature.
ED25519_VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
        "4a7c15e9716ed28dc027beceea1ec40a",
    ),
]


def self_test() -> dict:
    for seed, public, message, signature in ED25519_VECTORS:
        seed, public, message = bytes.fromhex(seed), bytes.fromhex(public), bytes.fromhex(message)
        require(public_key(seed) == public, "RFC 8032: the public key is wrong")
        require(sign(seed, message).hex() == signature, "RFC 8032: the signature is wrong")
        require(is_signature(public, bytes.fromhex(signature), message), "RFC 8032: refused")
        require(not is_signature(public, bytes.fromhex(signature), message + b"!"), "RFC 8032: taken")
    entries = [bytes([number]) for number in range(40)]
    for size in range(1, len(entries) + 1):
        part = entries[:size]
        root = tree_head(part)
        for index in range(size):
            path = audit_path(index, part)
            require(root_of_path(index, size, leaf_hash(part[index]), path) == root, "RFC 6962: a path")
            old = tree_head(part[: index + 1])
            path = consistency_path(index + 1, part)
            require(roots_of_consistency(index + 1, size, old, path) == (old, root), "RFC 6962: two roots")
    return {"kind": "self-test", "valid": True}


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks proofs of Theater without any of its code.")
    commands = parser.add_subparsers(dest="command", required=True)
    checks = {"checkpoint": check_checkpoint, "proof": check_proof, "bundle": check_bundle}
    for name in checks:
        command = commands.add_parser(name)
        command.add_argument("file")
        command.add_argument("--key", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("directory")
    maker.add_argument("--seed", type=int, default=1)
    commands.add_parser("self-test")
    arguments = parser.parse_args()
    try:
        if arguments.command == "make":
            result = make(arguments.directory, arguments.seed)
        elif arguments.command == "self-test":
            result = self_test()
        else:
            with open(arguments.file, "rb") as file:
                data = file.read()
            result = {"valid": True, **checks[arguments.command](data, Key(arguments.key))}
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    except Refused as reason:
        print(json.dumps({"valid": False, "reason": str(reason)}))
        return 3
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
