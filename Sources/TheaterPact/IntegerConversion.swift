// SPDX-License-Identifier: Apache-2.0
import TheaterValue

extension Value {
    /// The integer that the value is, if it is one.
    var integer: Int128? {
        switch self {
        case .u8(let number): Int128(number)
        case .u16(let number): Int128(number)
        case .u32(let number): Int128(number)
        case .u64(let number): Int128(number)
        case .s8(let number): Int128(number)
        case .s16(let number): Int128(number)
        case .s32(let number): Int128(number)
        case .s64(let number): Int128(number)
        default: nil
        }
    }
}

extension Primitive {
    /// Whether the primitive is a signed or unsigned integer.
    var isInteger: Bool {
        switch self {
        case .u8, .u16, .u32, .u64, .s8, .s16, .s32, .s64: true
        case .bool, .f32, .f64, .char, .flags: false
        }
    }

    /// `integer` as a value of this primitive, if it can be one without loss.
    func value(_ integer: Int128) -> Value? {
        switch self {
        case .u8: UInt8(exactly: integer).map { .u8($0) }
        case .u16: UInt16(exactly: integer).map { .u16($0) }
        case .u32: UInt32(exactly: integer).map { .u32($0) }
        case .u64: UInt64(exactly: integer).map { .u64($0) }
        case .s8: Int8(exactly: integer).map { .s8($0) }
        case .s16: Int16(exactly: integer).map { .s16($0) }
        case .s32: Int32(exactly: integer).map { .s32($0) }
        case .s64: Int64(exactly: integer).map { .s64($0) }
        case .f32: Float(exactly: integer).map { .f32($0) }
        case .f64: Double(exactly: integer).map { .f64($0) }
        case .flags: UInt64(exactly: integer).map { .flags($0) }
        case .bool, .char: nil
        }
    }
}
