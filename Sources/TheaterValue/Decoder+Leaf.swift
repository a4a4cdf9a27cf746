// SPDX-License-Identifier: Apache-2.0

extension CGRF.Decoder {
    /// Decodes a node that has no children.
    ///
    /// - Parameters:
    ///   - start: where the payload begins; it lies within the view.
    ///   - end: where the payload ends.
    /// - Returns: `nil` for a node of a kind that may have children.
    mutating func leaf(kind: UInt8, _ start: Int, _ end: Int) throws(CGRFError) -> Value? {
        if let primitive = Primitive(rawValue: kind) {
            guard end - start == primitive.size else {
                throw error(
                    .badLength, at: start - 4, found: UInt64(clamping: end - start),
                    allowed: UInt64(clamping: primitive.size))
            }
            return try scalar(primitive, at: start)
        }
        switch CGRF.Kind(rawValue: kind) {
        case .string:
            guard end - start >= 4, UInt(view.u32(start)) == UInt(end - start - 4) else {
                throw error(.badLength, at: start)
            }
            return .string(try text(start + 4, end))
        case .array:
            return try array(start, end)
        default:
            return nil
        }
    }

    private mutating func scalar(_ primitive: Primitive, at start: Int) throws(CGRFError) -> Value {
        switch primitive {
        case .bool:
            let byte = view.u8(start)
            guard byte <= 1 else {
                throw error(.badBool, at: start, found: UInt64(byte), allowed: 1)
            }
            return .bool(byte == 1)
        case .char:
            let number = view.u32(start)
            guard let scalar = Unicode.Scalar(number) else {
                throw error(.badChar, at: start, found: UInt64(number))
            }
            return .char(scalar)
        case .u8: return .u8(view.u8(start))
        case .u16: return .u16(view.u16(start))
        case .u32: return .u32(view.u32(start))
        case .u64: return .u64(view.u64(start))
        case .s8: return .s8(Int8(bitPattern: view.u8(start)))
        case .s16: return .s16(Int16(bitPattern: view.u16(start)))
        case .s32: return .s32(Int32(bitPattern: view.u32(start)))
        case .s64: return .s64(Int64(bitPattern: view.u64(start)))
        case .f32: return .f32(Float(bitPattern: view.u32(start)))
        case .f64: return .f64(Double(bitPattern: view.u64(start)))
        case .flags: return .flags(view.u64(start))
        }
    }

    private mutating func array(_ start: Int, _ end: Int) throws(CGRFError) -> Value {
        guard end - start >= 5 else { throw error(.badLength, at: start) }
        guard let element = Primitive(rawValue: view.u8(start)) else {
            throw error(.badElement, at: start, found: UInt64(view.u8(start)))
        }
        let count = view.u32(start + 1)
        guard UInt(count) <= UInt(clamping: limits.sequenceMax) else {
            throw error(
                .sequenceTooLong, at: start + 1, found: UInt64(count),
                allowed: UInt64(clamping: limits.sequenceMax))
        }
        let first = start + 5
        guard UInt64(count) * UInt64(clamping: element.size) == UInt64(clamping: end - first)
        else {
            throw error(.badLength, at: start + 1, found: UInt64(count))
        }
        if element == .char,
            let invalid = unsafe CGRF.firstInvalidScalar(in: view.slice(first, end))
        {
            throw error(
                .badChar, at: first + invalid, found: UInt64(view.u32(first + invalid)))
        }
        var bytes = view.copy(first, end)
        if element == .bool {
            for index in bytes.indices where bytes[index] > 1 { bytes[index] = 1 }
        }
        return .array(PackedArray(element: element, trusted: bytes))
    }

    /// The text in a range of the view.
    mutating func text(_ start: Int, _ end: Int) throws(CGRFError) -> String {
        guard let text = view.text(start, end) else { throw error(.badUTF8, at: start) }
        return text
    }
}
