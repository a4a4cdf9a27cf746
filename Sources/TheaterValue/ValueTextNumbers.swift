// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension ValueText.Parser {
    /// Reads a number, or the byte literal that begins like one.
    mutating func number() throws(ValueTextError) -> Value {
        let start = position
        if peek == UInt8(ascii: "-"), peek(1) == UInt8(ascii: "i") { return try specialFloat() }
        if peek == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x") {
            if peek(2) == UInt8(ascii: "\"") {
                position += 2
                return .bytes(try hexBytes())
            }
            let number = try natural(as: UInt64.self)
            return try integer(String(number), suffix: word(), start)
        }
        if peek == UInt8(ascii: "-") { position += 1 }
        digits()
        var isDecimal = false
        if peek == UInt8(ascii: "."), isDigit(peek(1)) {
            isDecimal = true
            position += 1
            digits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            let signed = peek(1) == UInt8(ascii: "-") || peek(1) == UInt8(ascii: "+")
            guard isDigit(peek(signed ? 2 : 1)) else { throw malformed(start) }
            isDecimal = true
            position += signed ? 2 : 1
            digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let suffix = word()
        if isDecimal || suffix == "f32" || suffix == "f64" {
            return try float(text, suffix: suffix, start)
        }
        return try integer(text, suffix: suffix, start)
    }

    /// Reads an integer without sign, in decimal or hex.
    mutating func natural<Number: FixedWidthInteger & UnsignedInteger>(
        as type: Number.Type
    ) throws(ValueTextError) -> Number {
        skipSpace()
        let start = position
        var radix = 10
        if peek == UInt8(ascii: "0"), peek(1) == UInt8(ascii: "x") {
            position += 2
            radix = 16
        }
        let first = position
        while let byte = peek, isDigit(byte) || (radix == 16 && isHexLetter(byte)) {
            position += 1
        }
        let text = String(decoding: bytes[first..<position], as: UTF8.self)
        guard let number = Number(text, radix: radix) else {
            throw error(
                .badNumber, at: start,
                "expected an integer from 0 to \(Number.max), in decimal or as 0x and hex")
        }
        return number
    }

    /// Reads an infinity or a NaN.
    mutating func specialFloat() throws(ValueTextError) -> Value {
        let start = position
        let kind = word()
        var bits: UInt64?
        if kind == "nan" {
            try expect(":")
            bits = try natural(as: UInt64.self)
        }
        try expect(":")
        let suffix = word()
        let isNegative = kind == "-inf"
        switch (kind, suffix) {
        case ("inf", "f32"), ("-inf", "f32"):
            return .f32(isNegative ? -Float.infinity : Float.infinity)
        case ("inf", "f64"), ("-inf", "f64"):
            return .f64(isNegative ? -Double.infinity : Double.infinity)
        case ("nan", "f32"):
            if let bits, let pattern = UInt32(exactly: bits), Float(bitPattern: pattern).isNaN {
                return .f32(Float(bitPattern: pattern))
            }
        case ("nan", "f64"):
            if let bits, Double(bitPattern: bits).isNaN { return .f64(Double(bitPattern: bits)) }
        default: break
        }
        throw error(
            .badNumber, at: start,
            "expected inf:f64, -inf:f64 or nan:0x…:f64 with the bits of a NaN, or the same "
                + "with f32")
    }

    private mutating func digits() {
        while isDigit(peek) { position += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private func isHexLetter(_ byte: UInt8) -> Bool {
        byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "f")
    }

    private func integer(
        _ text: String, suffix: String, _ start: Int
    ) throws(ValueTextError) -> Value {
        let value: Value? =
            switch suffix {
            case "u8": UInt8(text).map { .u8($0) }
            case "u16": UInt16(text).map { .u16($0) }
            case "u32": UInt32(text).map { .u32($0) }
            case "u64": UInt64(text).map { .u64($0) }
            case "s8": Int8(text).map { .s8($0) }
            case "s16": Int16(text).map { .s16($0) }
            case "s32": Int32(text).map { .s32($0) }
            case "s64", "": Int64(text).map { .s64($0) }
            default: nil
            }
        guard let value else { throw malformed(start) }
        return value
    }

    private func float(
        _ text: String, suffix: String, _ start: Int
    ) throws(ValueTextError) -> Value {
        switch suffix {
        case "f32":
            if let number = Float(text), number.isFinite { return .f32(number) }
        case "f64", "":
            if let number = Double(text), number.isFinite { return .f64(number) }
        default: break
        }
        throw malformed(start)
    }

    private func malformed(_ start: Int) -> ValueTextError {
        error(
            .badNumber, at: start,
            "the number is malformed or does not fit its type; write an integer with u8 … s64, "
                + "or a decimal with f32 or f64")
    }
}

extension Primitive {
    /// Finds a primitive by its name in text and Pact.
    public init?(name: String) {
        guard let found = Primitive.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }
}
#endif
