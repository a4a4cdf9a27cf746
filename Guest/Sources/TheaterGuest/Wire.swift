// SPDX-License-Identifier: Apache-2.0

/// What the generated bindings are made of; actors have no need to use it.
///
/// Arguments and answers cross the sandbox boundary as CGRF buffers (see ``CGRF``). The bindings
/// read and write them directly from and to Swift types, without a ``Value`` in between.
public enum Wire {
    /// Why bytes could not be read as the declared type.
    public struct Refusal: Error, Sendable {
        /// What was expected where, and what came: UTF-8 text.
        let text: [UInt8]

        init(_ message: Message) {
            text = message.bytes
        }

        @export(interface) init(literal text: StaticString) {
            var message = Message()
            message.add(text)
            self.init(message)
        }

        /// What was expected where, and what came.
        public var message: String {
            @export(interface) get {
                text.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) } ?? ""
            }
        }
    }

    static let magic: UInt32 = 0x4652_4743
    static let version: UInt16 = 2
    static let headerSize = 16
    static let nodeHeaderSize = 8

    /// The node kinds, which are also the codes of types.
    enum Kind {
        static let bool: UInt8 = 0x01
        static let s32: UInt8 = 0x02
        static let s64: UInt8 = 0x03
        static let f32: UInt8 = 0x04
        static let f64: UInt8 = 0x05
        static let string: UInt8 = 0x06
        static let list: UInt8 = 0x07
        static let variant: UInt8 = 0x08
        static let record: UInt8 = 0x09
        static let option: UInt8 = 0x0A
        static let tuple: UInt8 = 0x0B
        static let u8: UInt8 = 0x0C
        static let u16: UInt8 = 0x0D
        static let u32: UInt8 = 0x0E
        static let u64: UInt8 = 0x0F
        static let s8: UInt8 = 0x10
        static let s16: UInt8 = 0x11
        static let char: UInt8 = 0x12
        static let flags: UInt8 = 0x13
        static let result: UInt8 = 0x14
        static let array: UInt8 = 0x15

        static func name(_ kind: UInt8) -> StaticString {
            switch kind {
            case bool: "bool"
            case s32: "s32"
            case s64: "s64"
            case f32: "f32"
            case f64: "f64"
            case string: "string"
            case list, array: "list"
            case variant: "variant"
            case record: "record"
            case option: "option"
            case tuple: "tuple"
            case u8: "u8"
            case u16: "u16"
            case u32: "u32"
            case u64: "u64"
            case s8: "s8"
            case s16: "s16"
            case char: "char"
            case flags: "flags"
            case result: "result"
            default: "an unknown kind"
            }
        }
    }
}

/// A text put together from literals and numbers, without the machinery of string interpolation.
struct Message {
    private(set) var bytes: [UInt8] = []

    init() {}

    @inline(never) mutating func add(_ text: StaticString) {
        bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(never) mutating func add(_ number: Int) {
        var divisor: UInt32 = 1_000_000_000
        let number = UInt32(truncatingIfNeeded: number)
        while divisor > 1, divisor > number { divisor /= 10 }
        while divisor > 0 {
            bytes.append(UInt8(truncatingIfNeeded: number / divisor % 10) + 48)
            divisor /= 10
        }
    }
}
