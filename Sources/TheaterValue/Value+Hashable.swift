// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
/// Two values are equal when their encodings are the same bytes.
extension Value: Hashable {
    /// Whether both values have the same encoding.
    public static func == (left: Value, right: Value) -> Bool {
        switch (left, right) {
        case (.bool(let left), .bool(let right)): left == right
        case (.u8(let left), .u8(let right)): left == right
        case (.u16(let left), .u16(let right)): left == right
        case (.u32(let left), .u32(let right)): left == right
        case (.u64(let left), .u64(let right)): left == right
        case (.s8(let left), .s8(let right)): left == right
        case (.s16(let left), .s16(let right)): left == right
        case (.s32(let left), .s32(let right)): left == right
        case (.s64(let left), .s64(let right)): left == right
        case (.f32(let left), .f32(let right)): left.bitPattern == right.bitPattern
        case (.f64(let left), .f64(let right)): left.bitPattern == right.bitPattern
        case (.char(let left), .char(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.flags(let left), .flags(let right)): left == right
        case (.tuple(let left), .tuple(let right)): left == right
        case (.option(let leftType, let left), .option(let rightType, let right)):
            leftType == rightType && left == right
        case (.result(let leftOk, let leftErr, let left), .result(let ok, let err, let right)):
            leftOk == ok && leftErr == err && left == right
        case (.record(let left), .record(let right)): left == right
        case (.variant(let left), .variant(let right)): left == right
        default: sameLists(left, right)
        }
    }

    /// A list of a primitive that has not been packed equals its packed form.
    private static func sameLists(_ left: Value, _ right: Value) -> Bool {
        if let left = left.packed, let right = right.packed { return left == right }
        guard case .list(let leftType, let leftItems) = left,
            case .list(let rightType, let rightItems) = right
        else { return false }
        return leftType == rightType && leftItems == rightItems
    }

    /// The packed form of a list of a fixed-width primitive.
    private var packed: PackedArray? {
        switch self {
        case .array(let array): array
        case .list(.primitive(let element), let items):
            PackedArray(element: element, items: items)
        default: nil
        }
    }

    /// Hashes what the encoding is made of.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .list(let type, let items) where packed == nil:
            hasher.combine(CGRF.Kind.list.rawValue)
            hasher.combine(type)
            hasher.combine(items)
        case .array, .list:
            hasher.combine(CGRF.Kind.array.rawValue)
            hasher.combine(packed)
        case .string(let text):
            hasher.combine(CGRF.Kind.string.rawValue)
            hasher.combine(text)
        case .tuple(let items):
            hasher.combine(CGRF.Kind.tuple.rawValue)
            hasher.combine(items)
        case .option(let type, let inner):
            hasher.combine(CGRF.Kind.option.rawValue)
            hasher.combine(type)
            hasher.combine(inner)
        case .result(let ok, let err, let inner):
            hasher.combine(CGRF.Kind.result.rawValue)
            hasher.combine(ok)
            hasher.combine(err)
            hasher.combine(inner)
        case .record(let record):
            hasher.combine(CGRF.Kind.record.rawValue)
            hasher.combine(record)
        case .variant(let variant):
            hasher.combine(CGRF.Kind.variant.rawValue)
            hasher.combine(variant)
        default:
            hasher.combine(primitive)
            hasher.combine(bits)
        }
    }

    /// The bits of a fixed-width primitive, widened.
    private var bits: UInt64 {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .u8(let value): UInt64(value)
        case .u16(let value): UInt64(value)
        case .u32(let value): UInt64(value)
        case .u64(let value), .flags(let value): value
        case .s8(let value): UInt64(truncatingIfNeeded: value)
        case .s16(let value): UInt64(truncatingIfNeeded: value)
        case .s32(let value): UInt64(truncatingIfNeeded: value)
        case .s64(let value): UInt64(bitPattern: value)
        case .f32(let value): UInt64(value.bitPattern)
        case .f64(let value): value.bitPattern
        case .char(let value): UInt64(value.value)
        default: 0
        }
    }
}
#endif
