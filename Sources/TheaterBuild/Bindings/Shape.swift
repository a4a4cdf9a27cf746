// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// The kinds of value without parts, by their Pact names.
enum Scalar: String, Hashable, Sendable, CaseIterable {
    case bool, u8, u16, u32, u64, s8, s16, s32, s64, f32, f64, char, string, flags, value

    /// The Swift type.
    var swiftType: String {
        switch self {
        case .bool: "Bool"
        case .u8: "UInt8"
        case .u16: "UInt16"
        case .u32: "UInt32"
        case .u64, .flags: "UInt64"
        case .s8: "Int8"
        case .s16: "Int16"
        case .s32: "Int32"
        case .s64: "Int64"
        case .f32: "Float"
        case .f64: "Double"
        case .char: "Unicode.Scalar"
        case .string: "String"
        case .value: "Value"
        }
    }

    /// The method of the SDK's reader and writer for a packed list, if there is one.
    var listMethod: String? {
        switch self {
        case .u8: "bytes"
        case .flags: "masks"
        case .string, .value: nil
        default: rawValue + "s"
        }
    }

    /// The byte of the type annotation. Any value is annotated as a string, as hosts do.
    var code: UInt8 {
        switch self {
        case .bool: 0x01
        case .s32: 0x02
        case .s64: 0x03
        case .f32: 0x04
        case .f64: 0x05
        case .string, .value: 0x06
        case .u8: 0x0C
        case .u16: 0x0D
        case .u32: 0x0E
        case .u64: 0x0F
        case .s8: 0x10
        case .s16: 0x11
        case .char: 0x12
        case .flags: 0x13
        }
    }
}

/// A type with aliases, maps, sets and `self` resolved: what a Swift type is made for.
indirect enum Shape: Hashable, Sendable {
    case scalar(Scalar)
    case list(Shape)
    case option(Shape)
    case result(ok: Shape?, err: Shape?)
    case tuple([Shape])
    /// A record, variant, enum or flags type, by its Pact name.
    case declared(String, [Shape])
    /// A type parameter of the declaration that is being written.
    case parameter(String)

    static let unit = Shape.tuple([])

    /// Whether the Swift type is `Void`.
    var isUnit: Bool { self == .unit }
}
