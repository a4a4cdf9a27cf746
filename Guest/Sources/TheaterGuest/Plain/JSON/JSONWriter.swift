// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// The value as a text on one line, in UTF-8, without blanks.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes of ``text``.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.write(self)
        return writer.bytes
    }
}

/// Writes a value. What nests is kept in a list, not on the stack: an author's value may be of any depth.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var open: [Level] = []

    private enum Level {
        case array(ArraySlice<JSON>)
        case object(ArraySlice<JSON.Member>)
    }

    mutating func write(_ value: JSON) {
        begin(value)
        while let level = open.popLast() {
            switch level {
            case .array(let items):
                guard let item = items.first else {
                    bytes.append(UInt8(ascii: "]"))
                    continue
                }
                if items.startIndex > 0 { bytes.append(UInt8(ascii: ",")) }
                open.append(.array(items.dropFirst()))
                begin(item)
            case .object(let members):
                guard let member = members.first else {
                    bytes.append(UInt8(ascii: "}"))
                    continue
                }
                if members.startIndex > 0 { bytes.append(UInt8(ascii: ",")) }
                open.append(.object(members.dropFirst()))
                put(member.name)
                bytes.append(UInt8(ascii: ":"))
                begin(member.value)
            }
        }
    }

    private mutating func begin(_ value: JSON) {
        switch value {
        case .null: bytes += Array("null".utf8)
        case .bool(let flag): bytes += Array((flag ? "true" : "false").utf8)
        case .number(let number): bytes += Array(number.text.utf8)
        case .string(let text): put(text)
        case .array(let items):
            bytes.append(UInt8(ascii: "["))
            open.append(.array(items[...]))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            open.append(.object(members[...]))
        }
    }

    private mutating func put(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0x0A:
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(ascii: "n"))
            case 0..<0x20:
                bytes += Array("\\u00".utf8)
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
