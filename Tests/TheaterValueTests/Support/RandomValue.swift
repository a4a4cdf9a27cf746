// SPDX-License-Identifier: Apache-2.0

import TheaterValue

extension SplitMix {
    /// A value of any shape, with annotations that need not fit it.
    mutating func value(depth: Int = 4) -> Value {
        guard depth > 0, !oneIn(3) else { return leaf() }
        switch below(8) {
        case 0:
            var type = type(depth: 2)
            if case .primitive = type { type = .string }
            return .list(type, items(depth))
        case 1:
            let items = items(depth)
            let first = items.first?.impliedType ?? .string
            if case .primitive = first { return .list(.string, items) }
            return .list(first, items)
        case 2: return .option(type(depth: 2), oneIn(2) ? nil : value(depth: depth - 1))
        case 3:
            let inner = value(depth: depth - 1)
            return .result(
                ok: type(depth: 2), err: type(depth: 2), oneIn(2) ? .ok(inner) : .err(inner))
        case 4:
            let fields = items(depth).map { Value.Record.Field(name(), $0) }
            return .record(.init(name(), fields))
        case 5:
            let tag = oneIn(4) ? UInt32(truncatingIfNeeded: next()) : UInt32(below(3))
            return .variant(.init(name(), name(), tag: tag, items(depth)))
        case 6: return .array(array())
        default: return .tuple(items(depth))
        }
    }

    private mutating func items(_ depth: Int) -> [Value] {
        (0..<below(5)).map { _ in value(depth: depth - 1) }
    }

    private mutating func leaf() -> Value {
        if oneIn(4) { return .string(name()) }
        return scalar(pick(Primitive.allCases))
    }

    private mutating func array() -> PackedArray {
        let element = pick(Primitive.allCases)
        let count = oneIn(4) ? below(40) : below(4)
        let items = (0..<count).map { _ in scalar(element) }
        return PackedArray(element: element, items: items) ?? PackedArray(bytes: [])
    }

    /// Bits that are often those of special numbers.
    private mutating func bits() -> UInt64 {
        switch below(6) {
        case 0: pick([0, 1, .max, 1 << 63, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF0_0000_0000_0001])
        case 1:
            pick([0x7F80_0000, 0xFF80_0000, 0x7F80_0001, 0x7FC0_0000, 0x8000_0000, 0x7FFF_FFFF])
        case 2: UInt64(below(200))
        default: next()
        }
    }

    mutating func scalar(_ kind: Primitive) -> Value {
        let bits = bits()
        return switch kind {
        case .bool: .bool(bits & 1 == 1)
        case .u8: .u8(UInt8(truncatingIfNeeded: bits))
        case .u16: .u16(UInt16(truncatingIfNeeded: bits))
        case .u32: .u32(UInt32(truncatingIfNeeded: bits))
        case .u64: .u64(bits)
        case .s8: .s8(Int8(truncatingIfNeeded: bits))
        case .s16: .s16(Int16(truncatingIfNeeded: bits))
        case .s32: .s32(Int32(truncatingIfNeeded: bits))
        case .s64: .s64(Int64(bitPattern: bits))
        case .f32: .f32(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .f64: .f64(Double(bitPattern: bits))
        case .char: .char(character())
        case .flags: .flags(bits)
        }
    }

    private mutating func character() -> Unicode.Scalar {
        if oneIn(2) { return pick(["a", "\"", "'", "\\", "\n", "\0", "\u{7F}", "\u{202E}", "é"]) }
        return Unicode.Scalar(UInt32(below(0x11_0000))) ?? "\u{E000}"
    }

    mutating func name() -> String {
        if oneIn(3) {
            return pick(["", "true", "none", "list", "u8", "42", "-x", "a b", "b", "inf", "A_z-9"])
        }
        var text = ""
        for _ in 0..<below(6) { text.unicodeScalars.append(character()) }
        return oneIn(2) ? "name-\(below(9))" : text
    }

    mutating func type(depth: Int) -> ValueType {
        guard depth > 0 else { return oneIn(3) ? .string : .primitive(pick(Primitive.allCases)) }
        switch below(8) {
        case 0: return .list(type(depth: depth - 1))
        case 1: return .option(type(depth: depth - 1))
        case 2: return .result(type(depth: depth - 1), type(depth: depth - 1))
        case 3: return .record(name())
        case 4: return .variant(name())
        case 5: return .tuple((0..<below(4)).map { _ in type(depth: depth - 1) })
        default: return type(depth: 0)
        }
    }
}
