// SPDX-License-Identifier: Apache-2.0

extension Wire.Writer {
    /// Writes a truth value.
    @export(interface) public mutating func bool(_ value: Bool) {
        scalar(Wire.Kind.bool, value ? 1 : 0 as UInt8)
    }
    /// Writes an unsigned 8-bit integer.
    @export(interface) public mutating func u8(_ value: UInt8) { scalar(Wire.Kind.u8, value) }
    /// Writes an unsigned 16-bit integer.
    @export(interface) public mutating func u16(_ value: UInt16) { scalar(Wire.Kind.u16, value) }
    /// Writes an unsigned 32-bit integer.
    @export(interface) public mutating func u32(_ value: UInt32) { scalar(Wire.Kind.u32, value) }
    /// Writes an unsigned 64-bit integer.
    @export(interface) public mutating func u64(_ value: UInt64) { scalar(Wire.Kind.u64, value) }
    /// Writes a signed 8-bit integer.
    @export(interface) public mutating func s8(_ value: Int8) { scalar(Wire.Kind.s8, value) }
    /// Writes a signed 16-bit integer.
    @export(interface) public mutating func s16(_ value: Int16) { scalar(Wire.Kind.s16, value) }
    /// Writes a signed 32-bit integer.
    @export(interface) public mutating func s32(_ value: Int32) { scalar(Wire.Kind.s32, value) }
    /// Writes a signed 64-bit integer.
    @export(interface) public mutating func s64(_ value: Int64) { scalar(Wire.Kind.s64, value) }
    /// Writes a 32-bit floating-point number.
    @export(interface) public mutating func f32(_ value: Float) {
        scalar(Wire.Kind.f32, value.bitPattern)
    }
    /// Writes a 64-bit floating-point number.
    @export(interface) public mutating func f64(_ value: Double) {
        scalar(Wire.Kind.f64, value.bitPattern)
    }
    /// Writes a Unicode scalar value.
    @export(interface) public mutating func char(_ value: Unicode.Scalar) {
        scalar(Wire.Kind.char, value.value)
    }
    /// Writes a bit mask.
    @export(interface) public mutating func flags(_ value: UInt64) {
        scalar(Wire.Kind.flags, value)
    }

    /// Writes a text.
    @export(interface) public mutating func string(_ value: String) {
        let start = begin(Wire.Kind.string)
        put(value)
        end(start)
    }

    /// Writes a tuple of the last `count` nodes.
    @export(interface) public mutating func tuple(_ count: Int) {
        let start = begin(Wire.Kind.tuple)
        put(count: count)
        indices(count)
        end(start)
    }

    /// Writes the empty tuple.
    @export(interface) public mutating func unit() { tuple(0) }

    /// Writes a record of the last `count` nodes.
    ///
    /// - Parameter fields: the names of the fields, separated by commas.
    @export(interface) public mutating func record(
        _ name: StaticString, _ fields: StaticString, _ count: Int
    ) {
        let start = begin(Wire.Kind.record)
        put(name)
        put(count: count)
        var from = 0
        let size = fields.utf8CodeUnitCount
        for _ in 0..<count {
            var to = from
            while to < size, fields.utf8Start[to] != UInt8(ascii: ",") { to += 1 }
            put(count: to - from)
            put(fields.utf8Start + from, to - from)
            from = to + 1
        }
        indices(count)
        end(start)
    }

    /// Writes a case that carries the last `count` nodes: none or one.
    @export(interface) public mutating func variant(
        _ name: StaticString, _ caseName: StaticString, _ tag: UInt32, _ count: Int
    ) {
        let start = begin(Wire.Kind.variant)
        put(name)
        put(caseName)
        put(tag)
        put(count: count)
        indices(count)
        end(start)
    }

    /// Writes an option that holds the last node if it is present.
    ///
    /// - Parameter type: the encoded type of what is inside.
    @export(interface) public mutating func option(_ type: StaticString, isPresent: Bool) {
        let start = begin(Wire.Kind.option)
        put(raw: type)
        put(isPresent ? 1 : 0 as UInt8)
        if isPresent { indices(1) }
        end(start)
    }

    /// Writes a result that holds the last node.
    ///
    /// - Parameter types: the encoded types of success and failure.
    @export(interface) public mutating func result(_ types: StaticString, isOK: Bool) {
        let start = begin(Wire.Kind.result)
        put(raw: types)
        put(isOK ? 0 : 1 as UInt32)
        put(1 as UInt8)
        indices(1)
        end(start)
    }

    /// Writes a list item by item.
    ///
    /// - Parameter type: the encoded type of the items.
    public mutating func list<Item>(
        _ items: [Item], _ type: StaticString, _ item: (inout Wire.Writer, Item) -> Void
    ) {
        for element in items { item(&self, element) }
        let start = begin(Wire.Kind.list)
        put(raw: type)
        put(count: items.count)
        indices(items.count)
        end(start)
    }

    private mutating func packed<Number: FixedWidthInteger>(_ element: UInt8, _ items: [Number]) {
        let start = begin(Wire.Kind.array)
        put(element)
        put(count: items.count)
        items.withUnsafeBytes { bytes in
            if let first = bytes.baseAddress { put(first, bytes.count) }
        }
        end(start)
    }

    /// Writes a list of unsigned 8-bit integers.
    @export(interface) public mutating func bytes(_ items: [UInt8]) { packed(Wire.Kind.u8, items) }
    /// Writes a list of unsigned 16-bit integers.
    @export(interface) public mutating func u16s(_ items: [UInt16]) { packed(Wire.Kind.u16, items) }
    /// Writes a list of unsigned 32-bit integers.
    @export(interface) public mutating func u32s(_ items: [UInt32]) { packed(Wire.Kind.u32, items) }
    /// Writes a list of unsigned 64-bit integers.
    @export(interface) public mutating func u64s(_ items: [UInt64]) { packed(Wire.Kind.u64, items) }
    /// Writes a list of signed 8-bit integers.
    @export(interface) public mutating func s8s(_ items: [Int8]) { packed(Wire.Kind.s8, items) }
    /// Writes a list of signed 16-bit integers.
    @export(interface) public mutating func s16s(_ items: [Int16]) { packed(Wire.Kind.s16, items) }
    /// Writes a list of signed 32-bit integers.
    @export(interface) public mutating func s32s(_ items: [Int32]) { packed(Wire.Kind.s32, items) }
    /// Writes a list of signed 64-bit integers.
    @export(interface) public mutating func s64s(_ items: [Int64]) { packed(Wire.Kind.s64, items) }
    /// Writes a list of bit masks.
    @export(interface) public mutating func masks(_ items: [UInt64]) {
        packed(Wire.Kind.flags, items)
    }
    /// Writes a list of 32-bit floating-point numbers.
    @export(interface) public mutating func f32s(_ items: [Float]) {
        packed(Wire.Kind.f32, items.map { $0.bitPattern })
    }
    /// Writes a list of 64-bit floating-point numbers.
    @export(interface) public mutating func f64s(_ items: [Double]) {
        packed(Wire.Kind.f64, items.map { $0.bitPattern })
    }
    /// Writes a list of truth values.
    @export(interface) public mutating func bools(_ items: [Bool]) {
        packed(Wire.Kind.bool, items.map { $0 ? 1 : 0 as UInt8 })
    }
    /// Writes a list of Unicode scalar values.
    @export(interface) public mutating func chars(_ items: [Unicode.Scalar]) {
        packed(Wire.Kind.char, items.map { $0.value })
    }
}
