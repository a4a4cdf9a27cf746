// SPDX-License-Identifier: Apache-2.0

import TheaterValue

/// A buffer written by hand, legal or not.
struct RawBuffer {
    /// Nodes: kind and payload.
    var nodes: [(kind: UInt8, payload: [UInt8])] = []
    /// The root, or `nil` for the last node.
    var root: UInt32?
    /// The node count in the header, or `nil` for the true one.
    var count: UInt32?

    var bytes: [UInt8] {
        var bytes = Array("CGRF".utf8) + [2, 0, 0, 0]
        let written = UInt32(truncatingIfNeeded: nodes.count)
        bytes += le(count ?? written) + le(root ?? (written &- 1))
        for node in nodes {
            bytes += [node.kind, 0, 0, 0] + le(UInt32(node.payload.count)) + node.payload
        }
        return bytes
    }

    /// One node.
    static func single(_ kind: UInt8, _ payload: [UInt8]) -> [UInt8] {
        RawBuffer(nodes: [(kind, payload)]).bytes
    }

    /// Several nodes; the last is the root unless said otherwise.
    static func make(_ nodes: (UInt8, [UInt8])..., root: UInt32? = nil) -> [UInt8] {
        RawBuffer(nodes: nodes.map { (kind: $0.0, payload: $0.1) }, root: root).bytes
    }

    /// Tuples nested `depth` deep, the innermost empty.
    static func nestedTuples(_ depth: Int) -> [UInt8] {
        var buffer = RawBuffer(nodes: [(Kind.tuple, le(0))])
        for child in 0..<(depth - 1) {
            buffer.nodes.append((Kind.tuple, le(1) + le(UInt32(child))))
        }
        return buffer.bytes
    }

    /// A chain of tuples, each of which names the next one `width` times.
    static func bomb(levels: Int, width: Int = 2) -> [UInt8] {
        var buffer = RawBuffer(nodes: [(Kind.tuple, le(0))])
        for child in 0..<levels {
            let indices = [[UInt8]](repeating: le(UInt32(child)), count: width)
            buffer.nodes.append((Kind.tuple, le(UInt32(width)) + indices.flatMap { $0 }))
        }
        return buffer.bytes
    }
}

/// The kind bytes that tests write by hand.
enum Kind {
    static let bool: UInt8 = 0x01
    static let s32: UInt8 = 0x02
    static let string: UInt8 = 0x06
    static let list: UInt8 = 0x07
    static let variant: UInt8 = 0x08
    static let record: UInt8 = 0x09
    static let option: UInt8 = 0x0A
    static let tuple: UInt8 = 0x0B
    static let u8: UInt8 = 0x0C
    static let char: UInt8 = 0x12
    static let result: UInt8 = 0x14
    static let array: UInt8 = 0x15
}

/// The little-endian bytes of a number.
func le(_ number: UInt32) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// A text with its length.
func lp(_ text: String) -> [UInt8] { le(UInt32(text.utf8.count)) + Array(text.utf8) }

/// The bytes that hex digits stand for.
func unhex(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var digits = Substring(text)
    while !digits.isEmpty {
        bytes.append(UInt8(digits.prefix(2), radix: 16) ?? 0)
        digits = digits.dropFirst(2)
    }
    return bytes
}

func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

/// The error of a decode that must not succeed, or `nil` if it did.
func failure(_ bytes: [UInt8], limits: CGRF.Limits = .init()) -> CGRFError? {
    do throws(CGRFError) {
        _ = try CGRF.decode(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

/// The error of an encode that must not succeed, or `nil` if it did.
func failure(_ value: Value, limits: CGRF.Limits = .init()) -> CGRFError? {
    do throws(CGRFError) {
        _ = try CGRF.encode(value, limits: limits)
        return nil
    } catch {
        return error
    }
}
