// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterEngine
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterRuntime
internal import TheaterStore

/// Why a snapshot is not used.
struct SnapshotProblem: Error, Equatable {
    let fact: String

    init(_ fact: String) { self.fact = fact }
}

/// A snapshot as text: one field on each line, and the SHA-256 of those lines on the last one.
struct SnapshotText {
    /// What a text says. The memory and the states are content of their own.
    struct Parts {
        var snapshot: ActorSnapshot
        var memorySize: Int
        var pages: [(Int, ContentID)]
        var state: ContentID
        var first: ContentID
    }

    private static let title = "theater.snapshot 2"
    private static let seal = "sha256 "
    private var lines: ArraySlice<Substring>

    // MARK: Writing

    static func write(
        _ snapshot: ActorSnapshot, pages: [(Int, ContentID)], state: ContentID, first: ContentID
    ) -> [UInt8] {
        let (life, guest) = (snapshot.life, snapshot.life.guest)
        let placement = life.record.placement.map {
            Hexadecimal.encode(EventPayload.note(.durable($0)).encode())
        }
        var lines = [
            title, life.actor.description, "\(life.sequence)", life.head.description,
            life.module.description, snapshot.manifest.description,
            Hexadecimal.encode(Array(snapshot.name.utf8)), snapshot.parent?.description ?? "-",
            "\(snapshot.birth)", "\(snapshot.bornAt.nanoseconds)", "\(life.fuelUsed)",
            life.record.handledMail.map { "\($0)" } ?? "-", life.record.isRegistered ? "1" : "0",
            placement ?? "-", guest.buffer.map(text) ?? "-", text(guest.hostPages),
            guest.globals.map { "\($0)" }.joined(separator: " "), state.description,
            first.description, "\(guest.memory.count)",
        ]
        lines += pages.map { index, id in "\(index) \(id)" }
        return sealed(lines)
    }

    /// Puts the digest behind lines.
    static func sealed(_ lines: [String]) -> [UInt8] {
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        return bytes + Array((seal + Digest.sha256(of: bytes).description).utf8)
    }

    // MARK: Reading

    /// Reads a text.
    ///
    /// - Throws: what is wrong with it, unless it is whole and all of it can be.
    static func read(_ bytes: [UInt8]) throws(SnapshotProblem) -> Parts {
        guard let end = bytes.lastIndex(of: 0x0A) else { throw SnapshotProblem("it is cut") }
        let body = Array(bytes[...end])
        guard bytes[(end + 1)...].elementsEqual((seal + Digest.sha256(of: body).description).utf8)
        else { throw SnapshotProblem("it is not as it was written") }
        guard let text = String(validating: body.dropLast(), as: UTF8.self) else {
            throw SnapshotProblem("it is no text")
        }
        var reader = SnapshotText(
            lines: text.split(separator: "\n", omittingEmptySubsequences: false)[...])
        return try reader.parts()
    }

    private mutating func parts() throws(SnapshotProblem) -> Parts {
        guard try line("title") == Self.title[...] else {
            throw SnapshotProblem("it is in a format that this version does not read")
        }
        let actor = try field("actor") { ActorID($0) }
        let sequence = try number("event")
        let (head, module) = (try digest("head"), try digest("module"))
        let manifest = try digest("manifest")
        let name = try field("name") { text in
            Hexadecimal.decode(text).flatMap { String(validating: $0, as: UTF8.self) }
        }
        let parent = try optional("parent") { ActorID($0) }
        let birth = try number("birth")
        let bornAt = try field("time of birth") { Int64($0) }
        guard birth < sequence else {
            throw SnapshotProblem("the life begins with event \(birth), after it")
        }
        let fuel = try number("fuel")
        var record = LifeRecord()
        record.handledMail = try optional("handled mail") { UInt64($0) }
        record.isRegistered = try field("registration") { ["0": false, "1": true][$0] }
        record.placement = try field("placement") { Self.placement($0) }
        let buffer = try optional("buffer") { Self.range($0) }
        let host = try field("pages of the host") { Self.range($0) }
        let globals = try field("globals") { text -> [UInt64]? in
            let words = text.split(separator: " ").map { UInt64($0) }
            return words.contains(nil) ? nil : words.compactMap { $0 }
        }
        let state = try field("state") { ContentID($0) }
        let first = try field("first state") { ContentID($0) }
        let size = try memorySize()
        guard Int(host.upperBound) <= size, Int(buffer?.upperBound ?? 0) <= size else {
            throw SnapshotProblem("it names places outside of its memory")
        }
        let pages = try pages(size)
        return Parts(
            snapshot: ActorSnapshot(
                life: LifeImage(
                    guest: GuestImage(
                        memory: [], globals: globals, buffer: buffer, hostPages: host),
                    actor: actor, sequence: sequence, head: head, module: module, fuelUsed: fuel,
                    record: record),
                birth: birth, bornAt: WallTime(nanoseconds: bornAt), manifest: manifest,
                name: name, parent: parent, firstState: [], state: []),
            memorySize: size, pages: pages, state: state, first: first)
    }

    private mutating func memorySize() throws(SnapshotProblem) -> Int {
        let size = try number("size of the memory")
        guard size <= 4 << 30, size % UInt64(StoredSnapshots.pageSize) == 0 else {
            throw SnapshotProblem("\(size) bytes are no size of a memory")
        }
        return Int(size)
    }

    private mutating func pages(_ size: Int) throws(SnapshotProblem) -> [(Int, ContentID)] {
        var pages: [(Int, ContentID)] = []
        while !lines.isEmpty {
            let parts = try line("page").split(separator: " ")
            guard parts.count == 2, let index = Int(parts[0]), let id = ContentID(parts[1]),
                index > pages.last?.0 ?? -1, index < size / StoredSnapshots.pageSize
            else { throw SnapshotProblem("a line of its pages is none") }
            pages.append((index, id))
        }
        return pages
    }

    // MARK: Fields

    private mutating func line(_ what: String) throws(SnapshotProblem) -> Substring {
        guard let line = lines.popFirst() else { throw SnapshotProblem("it has no \(what)") }
        return line
    }

    private mutating func field<Value>(
        _ what: String, _ read: (String) -> Value?
    ) throws(SnapshotProblem) -> Value {
        guard let value = read(String(try line(what))) else {
            throw SnapshotProblem("its \(what) is none")
        }
        return value
    }

    /// A field that may be absent, which is written as `-`.
    private mutating func optional<Value>(
        _ what: String, _ read: (String) -> Value?
    ) throws(SnapshotProblem) -> Value? {
        if lines.first == "-" {
            lines.removeFirst()
            return nil
        }
        return try field(what, read)
    }

    private mutating func number(_ what: String) throws(SnapshotProblem) -> UInt64 {
        try field(what) { UInt64($0) }
    }

    private mutating func digest(_ what: String) throws(SnapshotProblem) -> Digest {
        try field(what) { Digest(hex: $0) }
    }

    private static func placement(_ text: String) -> Placement? {
        guard let bytes = Hexadecimal.decode(text),
            case .note(.durable(let found))? = try? EventPayload.decode(
                bytes, type: EventType.durable.name)
        else { return nil }
        return found
    }

    private static func text(_ range: Range<UInt32>) -> String {
        "\(range.lowerBound) \(range.upperBound)"
    }

    private static func range(_ text: String) -> Range<UInt32>? {
        let parts = text.split(separator: " ").map { UInt32($0) }
        guard parts.count == 2, let first = parts[0], let last = parts[1], first <= last else {
            return nil
        }
        return first..<last
    }
}
