// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// The node kinds that are not fixed-width primitives, by their kind byte.
    enum Kind: UInt8 {
        case string = 0x06
        case list = 0x07
        case variant = 0x08
        case record = 0x09
        case option = 0x0A
        case tuple = 0x0B
        case result = 0x14
        case array = 0x15
    }

    /// The greatest kind byte; 0 is the only smaller one without a meaning.
    static let kindMax: UInt8 = 0x15
}

extension Value {
    /// The fixed-width primitive that the value is, or `nil` if it is something else.
    public var primitive: Primitive? {
        switch self {
        case .bool: .bool
        case .u8: .u8
        case .u16: .u16
        case .u32: .u32
        case .u64: .u64
        case .s8: .s8
        case .s16: .s16
        case .s32: .s32
        case .s64: .s64
        case .f32: .f32
        case .f64: .f64
        case .char: .char
        case .flags: .flags
        case .string, .array, .list, .option, .result, .record, .variant, .tuple: nil
        }
    }
}
