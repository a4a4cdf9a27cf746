// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// A place in memory that is being filled with little-endian bytes.
    // SAFETY: the memory is as large as `Measure` computed for the same immutable value, and
    // what is written for a value is what was counted for it.
    @safe struct Output {
        private let base: UnsafeMutableRawPointer
        /// How many bytes have been written.
        private(set) var position = 0

        @unsafe init(_ start: UnsafeMutableRawPointer) {
            unsafe base = start
        }

        @inline(__always) mutating func put<Item: FixedWidthInteger>(_ number: Item) {
            unsafe base.storeBytes(of: number.littleEndian, toByteOffset: position, as: Item.self)
            position += Item.bitWidth / 8
        }

        /// Writes the size of the payload that began at `start` into its header.
        @inline(__always) func closePayload(from start: Int) {
            let size = UInt32(truncatingIfNeeded: position - start).littleEndian
            unsafe base.storeBytes(of: size, toByteOffset: start - 4, as: UInt32.self)
        }

        /// Writes a length or count. The limits keep it below 2^32.
        @inline(__always) mutating func put(count: Int) {
            put(UInt32(truncatingIfNeeded: count))
        }

        mutating func put(bytes: [UInt8]) {
            unsafe bytes.withUnsafeBytes { buffer in
                guard let start = buffer.baseAddress else { return }
                unsafe (base + position).copyMemory(from: start, byteCount: buffer.count)
            }
            position += bytes.count
        }

        /// Writes a text with its length.
        mutating func put(text: String) {
            put(
                count: unsafe text.withBytes { buffer in
                    guard let start = buffer.baseAddress else { return 0 }
                    unsafe (base + position + 4).copyMemory(from: start, byteCount: buffer.count)
                    return buffer.count
                })
            position += text.byteCount
        }

        /// Writes the payload of a fixed-width primitive; other values write nothing.
        mutating func scalar(_ value: Value) {
            switch value {
            case .bool(let value): put(value ? 1 : 0 as UInt8)
            case .u8(let value): put(value)
            case .u16(let value): put(value)
            case .u32(let value): put(value)
            case .u64(let value), .flags(let value): put(value)
            case .s8(let value): put(value)
            case .s16(let value): put(value)
            case .s32(let value): put(value)
            case .s64(let value): put(value)
            case .f32(let value): put(value.bitPattern)
            case .f64(let value): put(value.bitPattern)
            case .char(let value): put(value.value)
            case .string, .array, .list, .option, .result, .record, .variant, .tuple: break
            }
        }

        mutating func put(type: ValueType) {
            switch type {
            case .primitive(let primitive): put(primitive.rawValue)
            case .string: put(Kind.string.rawValue)
            case .list(let inner):
                put(Kind.list.rawValue)
                put(type: inner)
            case .option(let inner):
                put(Kind.option.rawValue)
                put(type: inner)
            case .result(let ok, let err):
                put(Kind.result.rawValue)
                put(type: ok)
                put(type: err)
            case .record(let name):
                put(Kind.record.rawValue)
                put(text: name)
            case .variant(let name):
                put(Kind.variant.rawValue)
                put(text: name)
            case .tuple(let parts):
                put(Kind.tuple.rawValue)
                put(count: parts.count)
                for part in parts { put(type: part) }
            }
        }
    }
}
