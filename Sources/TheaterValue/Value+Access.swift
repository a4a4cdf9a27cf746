// SPDX-License-Identifier: Apache-2.0

extension Value {
    /// A list of bytes.
    public static func bytes(_ bytes: [UInt8]) -> Value {
        .array(PackedArray(bytes: bytes))
    }

    /// A list in its canonical form: packed if the element type is a fixed-width primitive.
    ///
    /// - Throws: `cgrf.element-mismatch` when an item of a packed list is of another kind; the
    ///   offset is the item's index.
    public static func list(
        of element: ValueType, _ items: [Value]
    ) throws(CGRFError) -> Value {
        guard case .primitive(let primitive) = element else { return .list(element, items) }
        guard let array = PackedArray(element: primitive, items: items) else {
            let odd = items.firstIndex { $0.primitive != primitive } ?? 0
            throw CGRFError(.elementMismatch, at: odd)
        }
        return .array(array)
    }

    /// The truth value, or `nil` if this is something else.
    public var asBool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The text, or `nil` if this is something else.
    public var asString: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The bytes of a list of `u8`, or `nil` if this is something else.
    public var asBytes: [UInt8]? {
        switch self {
        case .array(let array) where array.element == .u8: array.bytes
        case .list(.primitive(.u8), let items):
            PackedArray(element: .u8, items: items)?.bytes
        default: nil
        }
    }

    /// The integer, whatever its width and sign, or `nil` if this is something else or the
    /// number does not fit.
    public func integer<Number: FixedWidthInteger>(as type: Number.Type) -> Number? {
        switch self {
        case .u8(let number): Number(exactly: number)
        case .u16(let number): Number(exactly: number)
        case .u32(let number): Number(exactly: number)
        case .u64(let number): Number(exactly: number)
        case .s8(let number): Number(exactly: number)
        case .s16(let number): Number(exactly: number)
        case .s32(let number): Number(exactly: number)
        case .s64(let number): Number(exactly: number)
        default: nil
        }
    }

    /// The number of an `f32` or `f64`, or `nil` if this is something else.
    public var asDouble: Double? {
        switch self {
        case .f32(let number): Double(number)
        case .f64(let number): number
        default: nil
        }
    }

    /// The items of a list or tuple, or `nil` if this is something else.
    ///
    /// Costs an array of values when the list is packed.
    public var asItems: [Value]? {
        switch self {
        case .tuple(let items), .list(_, let items): items
        case .array(let array): array.elements()
        default: nil
        }
    }

    /// The record, or `nil` if this is something else.
    public var asRecord: Record? {
        if case .record(let record) = self { record } else { nil }
    }

    /// The variant, or `nil` if this is something else.
    public var asVariant: Variant? {
        if case .variant(let variant) = self { variant } else { nil }
    }

    /// What a result carries, or `nil` if this is something else.
    public var asResult: ResultPayload? {
        if case .result(_, _, let payload) = self { payload } else { nil }
    }

    /// What an option carries: `nil` if this is not an option, `.some(nil)` if it is `none`.
    public var asOption: Value?? {
        if case .option(_, let payload) = self { .some(payload) } else { nil }
    }

    /// The value of the first field of that name, or `nil` if this is no record or has none.
    ///
    /// Names are compared byte by byte.
    public func field(named name: String) -> Value? {
        guard case .record(let record) = self else { return nil }
        return record.field(named: name)
    }
}

extension Value.Record {
    /// The value of the first field of that name, or `nil` if there is none.
    ///
    /// Names are compared byte by byte.
    public func field(named name: String) -> Value? {
        for field in fields where field.name.hasSameBytes(as: name) { return field.value }
        return nil
    }
}
