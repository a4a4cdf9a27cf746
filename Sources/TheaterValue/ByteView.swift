// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// The bytes of one buffer, read without bounds checks.
    // SAFETY: whoever reads has compared the range with `count` before; debug builds assert it.
    // The memory outlives the view because views live only inside a decode call.
    @safe struct ByteView {
        private let base: UnsafeRawPointer
        let count: Int

        /// Takes the bytes from `offset` on, or `nil` if that is not within the buffer.
        init?(_ buffer: UnsafeRawBufferPointer, from offset: Int) {
            guard offset >= 0, offset < buffer.count, let start = buffer.baseAddress else {
                return nil
            }
            unsafe base = start + offset
            count = buffer.count - offset
        }

        @inline(__always)
        private func load<Item: FixedWidthInteger>(_ offset: Int, as type: Item.Type) -> Item {
            assert(offset >= 0 && offset + Item.bitWidth / 8 <= count)
            return unsafe Item(
                littleEndian: base.loadUnaligned(fromByteOffset: offset, as: type))
        }

        @inline(__always) func u8(_ offset: Int) -> UInt8 { load(offset, as: UInt8.self) }
        @inline(__always) func u16(_ offset: Int) -> UInt16 { load(offset, as: UInt16.self) }
        @inline(__always) func u32(_ offset: Int) -> UInt32 { load(offset, as: UInt32.self) }
        @inline(__always) func u64(_ offset: Int) -> UInt64 { load(offset, as: UInt64.self) }

        /// A run of bytes.
        @unsafe @inline(__always)
        func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
            assert(start >= 0 && start <= end && end <= count)
            return unsafe UnsafeRawBufferPointer(start: base + start, count: end - start)
        }

        /// A run of bytes as text, or `nil` if it is not UTF-8.
        func text(_ start: Int, _ end: Int) -> String? {
            let bytes = unsafe slice(start, end).bindMemory(to: UInt8.self)
            guard let valid = try? unsafe UTF8Span(validating: bytes.span) else { return nil }
            return String(copying: valid)
        }

        /// A copy of a run of bytes.
        func copy(_ start: Int, _ end: Int) -> [UInt8] {
            let size = end - start
            return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
                guard let first = buffer.baseAddress else { return }
                let target = UnsafeMutableRawPointer(first)
                assert(start >= 0 && start <= end && end <= count)
                unsafe target.copyMemory(from: base + start, byteCount: size)
                initialized = size
            }
        }
    }

    /// The element of a packed list at a byte offset that the caller has checked.
    @unsafe static func scalar(
        _ kind: Primitive, in bytes: UnsafeRawBufferPointer, at offset: Int
    ) -> Value {
        func load<Item: FixedWidthInteger>(_ type: Item.Type) -> Item {
            unsafe Item(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: type))
        }
        switch kind {
        case .bool: return .bool(load(UInt8.self) != 0)
        case .u8: return .u8(load(UInt8.self))
        case .u16: return .u16(load(UInt16.self))
        case .u32: return .u32(load(UInt32.self))
        case .u64: return .u64(load(UInt64.self))
        case .s8: return .s8(load(Int8.self))
        case .s16: return .s16(load(Int16.self))
        case .s32: return .s32(load(Int32.self))
        case .s64: return .s64(load(Int64.self))
        case .f32: return .f32(Float(bitPattern: load(UInt32.self)))
        case .f64: return .f64(Double(bitPattern: load(UInt64.self)))
        case .char: return .char(Unicode.Scalar(load(UInt32.self)) ?? "\u{FFFD}")
        case .flags: return .flags(load(UInt64.self))
        }
    }

    /// The offset of the first 32-bit number that is not a Unicode scalar value.
    @unsafe static func firstInvalidScalar(in bytes: UnsafeRawBufferPointer) -> Int? {
        var offset = 0
        while bytes.count - offset >= 4 {
            let number = unsafe UInt32(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            guard Unicode.Scalar(number) != nil else { return offset }
            offset += 4
        }
        return nil
    }
}
