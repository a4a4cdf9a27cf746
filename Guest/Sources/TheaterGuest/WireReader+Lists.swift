// SPDX-License-Identifier: Apache-2.0

extension Wire.Reader {
    /// Reads a list item by item.
    public mutating func list<Item>(
        _ node: UInt32,
        _ item: (inout Wire.Reader, UInt32) throws(Wire.Refusal) -> Item
    ) throws(Wire.Refusal) -> [Item] {
        if try isEmptyArray(node) { return [] }
        var payload = try open(node, Wire.Kind.list, "list")
        payload.skipType()
        let children = payload.children()
        guard payload.isDone else { throw malformed("list") }
        let place = place
        var items: [Item] = []
        items.reserveCapacity(children.count)
        for index in 0..<children.count {
            self.place = place
            items.append(try item(&self, child(children, index)))
        }
        return items
    }

    /// Whether a node is a packed list without items, which suits every element type.
    @export(interface) func isEmptyArray(_ node: UInt32) throws(Wire.Refusal) -> Bool {
        guard isArray(node) else { return false }
        var payload = try open(node, Wire.Kind.array, "list")
        _ = payload.byte()
        return payload.number() == 0
    }

    private func isArray(_ node: UInt32) -> Bool {
        node < nodeCount && kind(node) == Wire.Kind.array
    }

    /// Opens a packed list of one element type.
    private func packed(_ node: UInt32, _ element: UInt8, _ size: Int) throws(Wire.Refusal)
        -> (start: UnsafeRawPointer, count: Int)
    {
        if !isArray(node) {
            // An empty list of unknown element type.
            var payload = try open(node, Wire.Kind.list, "list")
            payload.skipType()
            guard payload.number() == 0 else { throw wrongElement(element, 0) }
            return (base, 0)
        }
        var payload = try open(node, Wire.Kind.array, "list")
        let found = payload.byte()
        let count = payload.count(itemSize: size)
        guard found == element || count == 0 else { throw wrongElement(element, found) }
        guard payload.rest == count * size, !payload.isBroken else { throw malformed("list") }
        return (payload.at, count)
    }

    private func wrongElement(_ expected: UInt8, _ found: UInt8) -> Wire.Refusal {
        var message = message()
        message.add("expected list<")
        message.add(Wire.Kind.name(expected))
        if found == 0 {
            message.add(">, got list")
        } else {
            message.add(">, got list<")
            message.add(Wire.Kind.name(found))
            message.add(">")
        }
        return Wire.Refusal(message)
    }

    private func integers<Number: FixedWidthInteger>(
        _ node: UInt32, _ element: UInt8
    ) throws(Wire.Refusal) -> [Number] {
        let (start, count) = try packed(node, element, Number.bitWidth / 8)
        return [Number](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let target = buffer.baseAddress, count > 0 {
                UnsafeMutableRawPointer(target).copyMemory(
                    from: start, byteCount: count * (Number.bitWidth / 8))
            }
            initialized = count
        }
    }

    /// Reads a list of unsigned 8-bit integers.
    @export(interface) public func bytes(_ node: UInt32) throws(Wire.Refusal) -> [UInt8] {
        try integers(node, Wire.Kind.u8)
    }
    /// Reads a list of unsigned 16-bit integers.
    @export(interface) public func u16s(_ node: UInt32) throws(Wire.Refusal) -> [UInt16] {
        try integers(node, Wire.Kind.u16)
    }
    /// Reads a list of unsigned 32-bit integers.
    @export(interface) public func u32s(_ node: UInt32) throws(Wire.Refusal) -> [UInt32] {
        try integers(node, Wire.Kind.u32)
    }
    /// Reads a list of unsigned 64-bit integers.
    @export(interface) public func u64s(_ node: UInt32) throws(Wire.Refusal) -> [UInt64] {
        try integers(node, Wire.Kind.u64)
    }
    /// Reads a list of signed 8-bit integers.
    @export(interface) public func s8s(_ node: UInt32) throws(Wire.Refusal) -> [Int8] {
        try integers(node, Wire.Kind.s8)
    }
    /// Reads a list of signed 16-bit integers.
    @export(interface) public func s16s(_ node: UInt32) throws(Wire.Refusal) -> [Int16] {
        try integers(node, Wire.Kind.s16)
    }
    /// Reads a list of signed 32-bit integers.
    @export(interface) public func s32s(_ node: UInt32) throws(Wire.Refusal) -> [Int32] {
        try integers(node, Wire.Kind.s32)
    }
    /// Reads a list of signed 64-bit integers.
    @export(interface) public func s64s(_ node: UInt32) throws(Wire.Refusal) -> [Int64] {
        try integers(node, Wire.Kind.s64)
    }
    /// Reads a list of bit masks.
    @export(interface) public func masks(_ node: UInt32) throws(Wire.Refusal) -> [UInt64] {
        try integers(node, Wire.Kind.flags)
    }
    /// Reads a list of 32-bit floating-point numbers.
    @export(interface) public func f32s(_ node: UInt32) throws(Wire.Refusal) -> [Float] {
        let bits: [UInt32] = try integers(node, Wire.Kind.f32)
        return bits.map { Float(bitPattern: $0) }
    }
    /// Reads a list of 64-bit floating-point numbers.
    @export(interface) public func f64s(_ node: UInt32) throws(Wire.Refusal) -> [Double] {
        let bits: [UInt64] = try integers(node, Wire.Kind.f64)
        return bits.map { Double(bitPattern: $0) }
    }
    /// Reads a list of truth values.
    @export(interface) public func bools(_ node: UInt32) throws(Wire.Refusal) -> [Bool] {
        let bytes: [UInt8] = try integers(node, Wire.Kind.bool)
        return bytes.map { $0 != 0 }
    }
    /// Reads a list of Unicode scalar values.
    @export(interface) public func chars(_ node: UInt32) throws(Wire.Refusal) -> [Unicode.Scalar] {
        let numbers: [UInt32] = try integers(node, Wire.Kind.char)
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(numbers.count)
        for number in numbers {
            guard let scalar = Unicode.Scalar(number) else { throw malformed("char") }
            scalars.append(scalar)
        }
        return scalars
    }
}
