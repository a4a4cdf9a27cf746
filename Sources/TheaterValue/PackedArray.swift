// SPDX-License-Identifier: Apache-2.0

/// A list of fixed-width primitives, as its little-endian bytes.
public struct PackedArray: Sendable {
    /// The type of every element.
    public let element: Primitive
    /// The elements back to back; a multiple of `element.size` bytes.
    ///
    /// Booleans are 0 or 1, characters are Unicode scalar values.
    public let bytes: [UInt8]

    /// The number of elements.
    public var count: Int { bytes.count / element.size }

    /// Makes a byte list.
    public init(bytes: [UInt8]) {
        element = .u8
        self.bytes = bytes
    }

    /// Makes a list of `element` from its little-endian bytes.
    ///
    /// A non-zero boolean byte becomes 1, as on the wire.
    ///
    /// - Returns: `nil` when the bytes are not whole elements, or when a character is not a
    ///   Unicode scalar value.
    public init?(element: Primitive, bytes: [UInt8]) {
        guard bytes.count % element.size == 0 else { return nil }
        switch element {
        case .bool:
            self.bytes = bytes.map { $0 == 0 ? 0 : 1 }
        case .char:
            let valid = unsafe bytes.withUnsafeBytes { buffer in
                unsafe CGRF.firstInvalidScalar(in: buffer) == nil
            }
            guard valid else { return nil }
            self.bytes = bytes
        default:
            self.bytes = bytes
        }
        self.element = element
    }

    /// Packs values of one kind.
    ///
    /// - Returns: `nil` when an item is not of the kind `element`.
    public init?(element: Primitive, items: [Value]) {
        for item in items where item.primitive != element { return nil }
        let size = items.count * element.size
        self.element = element
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // SAFETY: each item writes exactly `element.size` bytes, and the buffer holds
            // `items.count` times that.
            guard let start = buffer.baseAddress else { return }
            var output = unsafe CGRF.Output(UnsafeMutableRawPointer(start))
            for item in items { output.scalar(item) }
            count = size
        }
    }

    /// Packs unsigned 16-bit integers.
    public init(_ items: [UInt16]) { self.init(.u16, integers: items) }
    /// Packs unsigned 32-bit integers.
    public init(_ items: [UInt32]) { self.init(.u32, integers: items) }
    /// Packs unsigned 64-bit integers.
    public init(_ items: [UInt64]) { self.init(.u64, integers: items) }
    /// Packs signed 8-bit integers.
    public init(_ items: [Int8]) { self.init(.s8, integers: items) }
    /// Packs signed 16-bit integers.
    public init(_ items: [Int16]) { self.init(.s16, integers: items) }
    /// Packs signed 32-bit integers.
    public init(_ items: [Int32]) { self.init(.s32, integers: items) }
    /// Packs signed 64-bit integers.
    public init(_ items: [Int64]) { self.init(.s64, integers: items) }
    /// Packs 32-bit floating-point numbers by bit pattern.
    public init(_ items: [Float]) { self.init(.f32, integers: items.map { $0.bitPattern }) }
    /// Packs 64-bit floating-point numbers by bit pattern.
    public init(_ items: [Double]) { self.init(.f64, integers: items.map { $0.bitPattern }) }
    /// Packs truth values.
    public init(_ items: [Bool]) { self.init(.bool, integers: items.map { $0 ? 1 : 0 as UInt8 }) }
    /// Packs characters.
    public init(_ items: [Unicode.Scalar]) { self.init(.char, integers: items.map { $0.value }) }

    /// Trusts the caller: `bytes` holds whole, valid elements.
    init(element: Primitive, trusted bytes: [UInt8]) {
        self.element = element
        self.bytes = bytes
    }

    private init<Item: FixedWidthInteger>(_ element: Primitive, integers: [Item]) {
        let size = integers.count * element.size
        self.element = element
        bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // SAFETY: `Item` is as wide as `element`, so element i lies within the buffer.
            guard let start = buffer.baseAddress else { return }
            let base = UnsafeMutableRawPointer(start)
            for index in integers.indices {
                unsafe base.storeBytes(
                    of: integers[index].littleEndian, toByteOffset: index * element.size,
                    as: Item.self)
            }
            count = size
        }
    }

    /// The value of one element, or `nil` when `index` is out of range.
    public subscript(checked index: Int) -> Value? {
        guard index >= 0, index < count else { return nil }
        return unsafe bytes.withUnsafeBytes { buffer in
            unsafe CGRF.scalar(element, in: buffer, at: index * element.size)
        }
    }

    /// Every element as a value of its own.
    ///
    /// Costs 24 bytes per element; prefer `bytes` or `integers(as:)` for bulk data.
    public func elements() -> [Value] {
        let count = count
        return unsafe bytes.withUnsafeBytes { buffer in
            var values: [Value] = []
            values.reserveCapacity(count)
            for index in 0..<count {
                unsafe values.append(CGRF.scalar(element, in: buffer, at: index * element.size))
            }
            return values
        }
    }

    /// The elements as integers of the type that `element` has on the wire.
    ///
    /// - Returns: `nil` when the element type is not an integer, mask, truth value, number or
    ///   character of exactly the width and signedness of `type`. Numbers, characters, truth
    ///   values and masks are read as unsigned bit patterns.
    public func integers<Item: FixedWidthInteger>(as type: Item.Type) -> [Item]? {
        guard Item.bitWidth == element.size * 8, Item.isSigned == element.isSigned else {
            return nil
        }
        let count = count
        return unsafe bytes.withUnsafeBytes { buffer in
            var items: [Item] = []
            items.reserveCapacity(count)
            for index in 0..<count {
                let offset = index * element.size
                unsafe items.append(
                    Item(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: type)))
            }
            return items
        }
    }
}

extension Primitive {
    /// Whether the primitive is a signed integer.
    var isSigned: Bool {
        switch self {
        case .s8, .s16, .s32, .s64: true
        default: false
        }
    }
}
