// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// The first bytes of a segment.
struct SegmentHeader: Hashable {
    static let version: UInt16 = 1
    static let size = 76
    static let magic: UInt64 = 0x0A4C_4E52_4A48_5489

    var journal: ActorID
    var number: UInt32
    var created: Int64
    /// The segment digest at the end of the segment before it.
    var previous: Digest

    /// The bytes of the header.
    var bytes: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.size)
        bytes.withUnsafeMutableBytes { buffer in
            buffer.store(Self.magic, at: 0)
            buffer.store(Self.version, at: 8)
            buffer.store(UInt16(Self.size), at: 10)
            buffer.store(number, at: 12)
            buffer.store(journal, at: 16)
            buffer.store(created, at: 32)
            previous.store(buffer, at: 40)
            buffer.store(CRC32C.checksum(UnsafeRawBufferPointer(buffer).part(0..<72)), at: 72)
        }
        return bytes
    }

    /// What the first bytes of a segment turned out to be.
    enum Found {
        case header(SegmentHeader)
        case newer(UInt16)
        case damaged(String)
    }

    /// Reads a header from a buffer of any size.
    static func read(_ buffer: UnsafeRawBufferPointer) -> Found {
        guard buffer.count >= size else { return .damaged("the segment header is cut") }
        guard buffer.load(UInt64.self, at: 0) == magic else {
            return .damaged("it does not begin as a segment does")
        }
        let version = buffer.load(UInt16.self, at: 8)
        guard version == Self.version else { return .newer(version) }
        guard buffer.load(UInt32.self, at: 72) == CRC32C.checksum(buffer.part(0..<72)),
            buffer.load(UInt16.self, at: 10) == UInt16(size)
        else { return .damaged("the segment header does not match its checksum") }
        return .header(
            SegmentHeader(
                journal: ActorID(buffer, at: 16), number: buffer.load(UInt32.self, at: 12),
                created: buffer.load(Int64.self, at: 32), previous: Digest(buffer, at: 40)))
    }
}

extension ActorID {
    /// Reads 16 bytes at an offset of a buffer that has them.
    init(_ buffer: UnsafeRawBufferPointer, at offset: Int) {
        self.init(
            high: buffer.bigEndianWord(at: offset), low: buffer.bigEndianWord(at: offset + 8))
    }
}

/// The names of a journal's files.
enum JournalFiles {
    static let lock = "journal.lock"
    static let index = "journal.index"
    static let newIndex = "journal.index.new"

    static func segment(_ number: UInt32) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".journal"
    }

    /// The number in a segment's name; `nil` for another file.
    static func number(of name: String) -> UInt32? {
        guard name.hasSuffix(".journal"), let number = UInt32(name.dropLast(8)), number > 0,
            segment(number) == name
        else { return nil }
        return number
    }

    /// The numbers of all segments among some names, ascending.
    static func segments(in names: [String]) -> [UInt32] { names.compactMap(number).sorted() }

    static func path(_ directory: String, _ name: String) -> String {
        directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }
}
