// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// A payload that is not in the binary form of ``EventPayload``.
public struct PayloadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The place of the first wrong byte, counted from zero.
    public let offset: Int
    /// What is wrong.
    public let reason: String

    /// The fact, then the remedy, then the code.
    public var description: String {
        "the payload cannot be read at byte \(offset): \(reason). Show its bytes instead, or use the "
            + "version of Theater that wrote it. [chain.bad-payload]"
    }
}

/// Writes the binary form of a payload.
struct PayloadEncoder {
    var bytes: [UInt8] = []

    mutating func begin(_ tag: EventPayload.Tag) { bytes += [EventPayload.version, tag.rawValue] }

    mutating func put(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(_ blob: [UInt8]) {
        put(UInt64(blob.count))
        bytes += blob
    }

    mutating func put(_ text: String) { put(Array(text.utf8)) }

    mutating func put(_ digest: Digest) { bytes += digest.bytes }

    mutating func put<Value>(optional value: Value?, _ write: (inout Self, Value) -> Void) {
        bytes.append(value == nil ? 0 : 1)
        if let value { write(&self, value) }
    }
}

extension EventPayload {
    /// Writes what precedes a host call's input into a buffer of at least 12 bytes; returns the size.
    static func writeHostCallPrefix(
        _ buffer: UnsafeMutableRawBufferPointer, inputSize: Int, isRedacted: Bool
    ) -> Int {
        buffer.store(version, at: 0)
        buffer.store((isRedacted ? Tag.redactedHostCall : .hostCall).rawValue, at: 1)
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[2...])
        return 2 + writeVarint(rest, UInt64(inputSize))
    }

    /// Writes a number into a buffer of at least 10 bytes; returns the size.
    static func writeVarint(_ buffer: UnsafeMutableRawBufferPointer, _ number: UInt64) -> Int {
        var rest = number
        var count = 0
        while rest >= 0x80 {
            buffer.store(UInt8(truncatingIfNeeded: rest) | 0x80, at: count)
            rest >>= 7
            count += 1
        }
        buffer.store(UInt8(truncatingIfNeeded: rest), at: count)
        return count + 1
    }
}

/// Reads the binary form of a payload, believing nothing.
struct PayloadDecoder {
    private let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    func wrong(_ reason: String) -> PayloadError { PayloadError(offset: offset, reason: reason) }

    mutating func byte(_ what: String) throws(PayloadError) -> UInt8 {
        guard offset < bytes.count else { throw wrong("the \(what) is missing") }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func flag(_ what: String) throws(PayloadError) -> Bool {
        let value = try byte(what)
        guard value <= 1 else { throw wrong("the \(what) is neither there nor absent") }
        return value == 1
    }

    /// One of the values of an enumeration.
    mutating func choice<Choice: RawRepresentable<UInt8>>(
        _ what: String
    ) throws(PayloadError) -> Choice {
        let start = offset
        let number = try byte(what)
        guard let choice = Choice(rawValue: number) else {
            throw PayloadError(offset: start, reason: "the \(what) \(number) is not known")
        }
        return choice
    }

    mutating func varint(_ what: String) throws(PayloadError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let part = try byte(what)
            if shift == 63, part > 1 { break }
            if shift > 0, part == 0 { break }
            value |= UInt64(part & 0x7F) << shift
            if part < 0x80 { return value }
        }
        throw wrong("the \(what) is not a number in its shortest form")
    }

    /// A number of elements of at least one byte each, so never more than the bytes that are left.
    mutating func count(_ what: String) throws(PayloadError) -> Int {
        let number = try varint(what)
        guard number <= UInt64(bytes.count - offset) else {
            throw wrong("\(number) bytes or elements of \(what) do not fit")
        }
        return Int(number)
    }

    mutating func blob(_ what: String) throws(PayloadError) -> [UInt8] {
        try take(try count(what), what)
    }

    mutating func text(_ what: String) throws(PayloadError) -> String {
        let start = offset
        guard let text = String(validating: try blob(what), as: UTF8.self) else {
            throw PayloadError(offset: start, reason: "the \(what) is not UTF-8")
        }
        return text
    }

    mutating func digest(_ what: String) throws(PayloadError) -> Digest {
        guard let digest = Digest(bytes: try take(Digest.size, what)) else {
            throw wrong("the \(what) is not a digest")
        }
        return digest
    }

    mutating func actor(_ what: String) throws(PayloadError) -> ActorID {
        guard let actor = ActorID(bytes: try take(16, what)) else {
            throw wrong("the \(what) is not an identity")
        }
        return actor
    }

    /// The interface and the function in an event's type.
    func split(_ type: String) throws(PayloadError) -> (interface: String, function: String) {
        guard let slash = type.lastIndex(of: "/") else {
            throw wrong("the type '\(type)' of a host call has no '/'")
        }
        return (String(type[..<slash]), String(type[type.index(after: slash)...]))
    }

    private mutating func take(_ size: Int, _ what: String) throws(PayloadError) -> [UInt8] {
        guard size <= bytes.count - offset else { throw wrong("the \(what) is cut") }
        defer { offset += size }
        return Array(bytes[offset..<offset + size])
    }
}
