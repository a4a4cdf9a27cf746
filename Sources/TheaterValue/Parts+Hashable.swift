// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension Value.ResultPayload: Hashable {
    /// Whether both are the same side of a result with equal values.
    public static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.ok(let left), .ok(let right)), (.err(let left), .err(let right)): left == right
        default: false
        }
    }

    /// Hashes the side and the value.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .ok(let value):
            hasher.combine(0 as UInt8)
            hasher.combine(value)
        case .err(let value):
            hasher.combine(1 as UInt8)
            hasher.combine(value)
        }
    }
}

extension PackedArray: Hashable {
    /// Whether both have the same element type and the same bytes.
    public static func == (left: Self, right: Self) -> Bool {
        left.element == right.element && left.bytes == right.bytes
    }

    /// Hashes the element type and the bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(element)
        hasher.combine(bytes)
    }
}

extension Value.Record: Hashable {
    /// Whether both have the same names, byte by byte, and equal values in the same order.
    public static func == (left: Self, right: Self) -> Bool {
        left.typeName.hasSameBytes(as: right.typeName) && left.fields == right.fields
    }

    /// Hashes the names and values.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(typeName)
        hasher.combine(fields)
    }
}

extension Value.Record.Field: Hashable {
    /// Whether both have the same name, byte by byte, and equal values.
    public static func == (left: Self, right: Self) -> Bool {
        left.name.hasSameBytes(as: right.name) && left.value == right.value
    }

    /// Hashes the name and the value.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(value)
    }
}

extension Value.Variant: Hashable {
    /// Whether both have the same names, byte by byte, the same tag and equal payloads.
    public static func == (left: Self, right: Self) -> Bool {
        left.tag == right.tag && left.typeName.hasSameBytes(as: right.typeName)
            && left.caseName.hasSameBytes(as: right.caseName) && left.payload == right.payload
    }

    /// Hashes the names, the tag and the payload.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(typeName)
        hasher.combine(caseName)
        hasher.combine(tag)
        hasher.combine(payload)
    }
}

extension ValueType: Hashable {
    /// Whether both are the same type, names compared byte by byte.
    public static func == (left: ValueType, right: ValueType) -> Bool {
        switch (left, right) {
        case (.primitive(let left), .primitive(let right)): left == right
        case (.string, .string): true
        case (.list(let left), .list(let right)): left == right
        case (.option(let left), .option(let right)): left == right
        case (.result(let leftOk, let leftErr), .result(let ok, let err)):
            leftOk == ok && leftErr == err
        case (.record(let left), .record(let right)): left.hasSameBytes(as: right)
        case (.variant(let left), .variant(let right)): left.hasSameBytes(as: right)
        case (.tuple(let left), .tuple(let right)): left == right
        default: false
        }
    }

    /// Hashes the type and what it is made of.
    public func hash(into hasher: inout Hasher) {
        switch self {
        case .primitive(let primitive):
            hasher.combine(primitive)
        case .string:
            hasher.combine(CGRF.Kind.string.rawValue)
        case .list(let inner):
            hasher.combine(CGRF.Kind.list.rawValue)
            hasher.combine(inner)
        case .option(let inner):
            hasher.combine(CGRF.Kind.option.rawValue)
            hasher.combine(inner)
        case .result(let ok, let err):
            hasher.combine(CGRF.Kind.result.rawValue)
            hasher.combine(ok)
            hasher.combine(err)
        case .record(let name):
            hasher.combine(CGRF.Kind.record.rawValue)
            hasher.combine(name)
        case .variant(let name):
            hasher.combine(CGRF.Kind.variant.rawValue)
            hasher.combine(name)
        case .tuple(let parts):
            hasher.combine(CGRF.Kind.tuple.rawValue)
            hasher.combine(parts)
        }
    }
}
#endif
