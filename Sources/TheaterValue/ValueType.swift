// SPDX-License-Identifier: Apache-2.0

/// The type annotation carried inside lists, options and results.
public enum ValueType: Sendable {
    /// A primitive other than `string`: fixed width on the wire.
    case primitive(Primitive)
    /// UTF-8 text.
    case string
    /// A list of one element type.
    indirect case list(ValueType)
    /// An optional value.
    indirect case option(ValueType)
    /// A result with its ok and error types.
    indirect case result(ValueType, ValueType)
    /// A record, by name alone.
    case record(String)
    /// A variant or enum, by name alone.
    case variant(String)
    /// A tuple of types.
    case tuple([ValueType])
}

/// The fixed-width primitives. The raw value is the kind byte of the CGRF encoding.
public enum Primitive: UInt8, Sendable, CaseIterable {
    /// A truth value, 1 byte.
    case bool = 0x01
    /// A signed 32-bit integer.
    case s32 = 0x02
    /// A signed 64-bit integer.
    case s64 = 0x03
    /// A 32-bit floating-point number.
    case f32 = 0x04
    /// A 64-bit floating-point number.
    case f64 = 0x05
    /// An unsigned 8-bit integer.
    case u8 = 0x0C
    /// An unsigned 16-bit integer.
    case u16 = 0x0D
    /// An unsigned 32-bit integer.
    case u32 = 0x0E
    /// An unsigned 64-bit integer.
    case u64 = 0x0F
    /// A signed 8-bit integer.
    case s8 = 0x10
    /// A signed 16-bit integer.
    case s16 = 0x11
    /// A Unicode scalar value, 4 bytes.
    case char = 0x12
    /// A bit mask, 8 bytes.
    case flags = 0x13

    /// The width of one element in bytes.
    public var size: Int {
        switch self {
        case .bool, .u8, .s8: 1
        case .u16, .s16: 2
        case .u32, .s32, .f32, .char: 4
        case .u64, .s64, .f64, .flags: 8
        }
    }
}
