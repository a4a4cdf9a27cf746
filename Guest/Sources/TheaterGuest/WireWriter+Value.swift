// SPDX-License-Identifier: Apache-2.0

extension Wire.Writer {
    /// Writes any value.
    @export(interface) public mutating func value(_ value: Value) {
        switch value {
        case .bool(let value): bool(value)
        case .u8(let value): u8(value)
        case .u16(let value): u16(value)
        case .u32(let value): u32(value)
        case .u64(let value): u64(value)
        case .s8(let value): s8(value)
        case .s16(let value): s16(value)
        case .s32(let value): s32(value)
        case .s64(let value): s64(value)
        case .f32(let value): f32(value)
        case .f64(let value): f64(value)
        case .char(let value): char(value)
        case .string(let value): string(value)
        case .flags(let value): flags(value)
        case .array(let array): self.array(array)
        case .list(.primitive(let element), let items):
            // Only packed lists may have elements of fixed width.
            if let packed = PackedArray(element: element, items: items) {
                array(packed)
            } else {
                fatalError("a list of a fixed-width type holds an item of another type")
            }
        case .list(let type, let items): list(type, items)
        case .option(let type, let inner):
            if let inner { self.value(inner) }
            let start = begin(Wire.Kind.option)
            put(type: type)
            put(inner == nil ? 0 : 1 as UInt8)
            if inner != nil { indices(1) }
            end(start)
        case .result(let ok, let err, let payload): result(ok, err, payload)
        case .record(let record):
            for field in record.fields { self.value(field.value) }
            let start = begin(Wire.Kind.record)
            put(record.typeName)
            put(count: record.fields.count)
            for field in record.fields { put(field.name) }
            indices(record.fields.count)
            end(start)
        case .variant(let variant):
            for item in variant.payload { self.value(item) }
            let start = begin(Wire.Kind.variant)
            put(variant.typeName)
            put(variant.caseName)
            put(variant.tag)
            put(count: variant.payload.count)
            indices(variant.payload.count)
            end(start)
        case .tuple(let items):
            for item in items { self.value(item) }
            tuple(items.count)
        }
    }

    private mutating func array(_ array: PackedArray) {
        let start = begin(Wire.Kind.array)
        put(array.element.rawValue)
        put(count: array.count)
        array.bytes.withUnsafeBytes { bytes in
            if let first = bytes.baseAddress { put(first, bytes.count) }
        }
        end(start)
    }

    private mutating func list(_ type: ValueType, _ items: [Value]) {
        for item in items { value(item) }
        let start = begin(Wire.Kind.list)
        put(type: type)
        put(count: items.count)
        indices(items.count)
        end(start)
    }

    private mutating func result(
        _ ok: ValueType, _ err: ValueType, _ payload: Value.ResultPayload
    ) {
        let tag: UInt32
        switch payload {
        case .ok(let inner):
            value(inner)
            tag = 0
        case .err(let inner):
            value(inner)
            tag = 1
        }
        let start = begin(Wire.Kind.result)
        put(type: ok)
        put(type: err)
        put(tag)
        put(1 as UInt8)
        indices(1)
        end(start)
    }

    private mutating func put(type: ValueType) {
        switch type {
        case .primitive(let primitive): put(primitive.rawValue)
        case .string: put(Wire.Kind.string)
        case .list(let inner):
            put(Wire.Kind.list)
            put(type: inner)
        case .option(let inner):
            put(Wire.Kind.option)
            put(type: inner)
        case .result(let ok, let err):
            put(Wire.Kind.result)
            put(type: ok)
            put(type: err)
        case .record(let name):
            put(Wire.Kind.record)
            put(name)
        case .variant(let name):
            put(Wire.Kind.variant)
            put(name)
        case .tuple(let parts):
            put(Wire.Kind.tuple)
            put(count: parts.count)
            for part in parts { put(type: part) }
        }
    }
}
