// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// Reads one JSON text (RFC 8259), with blanks around it and nothing else.
    ///
    /// - Throws: what is wrong, and after how many bytes. A text beyond the limits is refused before it can
    ///   take more memory than they allow.
    public init(parsing bytes: [UInt8], limits: Limits = Limits()) throws(Failure) {
        guard bytes.count <= limits.size else {
            throw Failure("the JSON text has \(bytes.count) bytes, the most is \(limits.size)")
        }
        var reader = JSONReader(bytes, limits)
        self = try reader.document()
    }

    /// Reads one JSON text.
    public init(parsing text: String, limits: Limits = Limits()) throws(Failure) {
        try self.init(parsing: Array(text.utf8), limits: limits)
    }
}

/// Reads a text from its beginning to its end, once.
struct JSONReader {
    private let bytes: [UInt8]
    private let depthMax: Int
    private var position = 0
    private var valuesLeft: Int

    init(_ bytes: [UInt8], _ limits: JSON.Limits) {
        self.bytes = bytes
        depthMax = min(limits.depth, JSON.Limits.depthMax)
        valuesLeft = limits.values
    }

    mutating func document() throws(Failure) -> JSON {
        let value = try value(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw wrong("something follows the value") }
        return value
    }

    private func wrong(_ what: String) -> Failure {
        Failure("no JSON: \(what), after \(position) bytes")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        skipBlanks()
        guard let byte = next else { throw wrong("the text ends where a value should be") }
        guard valuesLeft > 0 else { throw wrong("it has too many values") }
        valuesLeft -= 1
        switch byte {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(Failure) -> JSON {
        for byte in word.utf8 where !take(byte) { throw wrong("no value begins like this") }
        return value
    }

    private func check(_ depth: Int) throws(Failure) {
        guard depth <= depthMax else { throw wrong("it nests deeper than \(depthMax)") }
    }

    private mutating func array(depth: Int) throws(Failure) -> JSON {
        try check(depth)
        position += 1
        var items: [JSON] = []
        skipBlanks()
        if take(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value(depth: depth))
            skipBlanks()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw wrong("an array wants ',' or ']'") }
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> JSON {
        try check(depth)
        position += 1
        var members: [JSON.Member] = []
        skipBlanks()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipBlanks()
            guard next == UInt8(ascii: "\"") else { throw wrong("an object wants a name") }
            let name = try string()
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw wrong("an object wants ':'") }
            members.append(JSON.Member(name, try value(depth: depth)))
            skipBlanks()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw wrong("an object wants ',' or '}'") }
        }
    }

    // MARK: Numbers

    private mutating func number() throws(Failure) -> JSON.Number {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return JSON.Number(checked: String(decoding: bytes[start..<position], as: UTF8.self))
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = next, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
            position += 1
        }
        guard position > start else { throw wrong("a digit is wanted") }
    }

    // MARK: Texts

    private mutating func string() throws(Failure) -> String {
        position += 1
        var text: [UInt8] = []
        var start = position
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text += bytes[start..<position]
                guard let result = String(validating: text, as: UTF8.self) else {
                    throw wrong("a text is not UTF-8")
                }
                position += 1
                return result
            case UInt8(ascii: "\\"):
                text += bytes[start..<position]
                position += 1
                try escape(&text)
                start = position
            case 0..<0x20: throw wrong("a text has a control character")
            default: position += 1
            }
        }
        throw wrong("the text ends within a text")
    }

    private mutating func escape(_ text: inout [UInt8]) throws(Failure) {
        guard let byte = next else { throw wrong("the text ends within an escape") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try put(scalar(), into: &text)
        default: throw wrong("there is no such escape")
        }
    }

    private mutating func scalar() throws(Failure) -> Unicode.Scalar {
        var number = try unit()
        if (0xD800..<0xDC00).contains(number) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw wrong("an escape has half a character")
            }
            let low = try unit()
            guard (0xDC00..<0xE000).contains(low) else {
                throw wrong("an escape has half a character")
            }
            number = 0x10000 + (number - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(number) else {
            throw wrong("an escape has half a character")
        }
        return scalar
    }

    private mutating func unit() throws(Failure) -> UInt32 {
        var number: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch next {
            case let byte? where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
                digit = byte - UInt8(ascii: "0")
            case let byte? where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
                digit = byte - UInt8(ascii: "a") + 10
            case let byte? where (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte):
                digit = byte - UInt8(ascii: "A") + 10
            default: throw wrong("an escape wants four hexadecimal digits")
            }
            number = number << 4 | UInt32(digit)
            position += 1
        }
        return number
    }

    private func put(_ scalar: Unicode.Scalar, into text: inout [UInt8]) {
        text += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    }
}
