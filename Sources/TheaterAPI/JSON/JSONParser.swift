// SPDX-License-Identifier: Apache-2.0

extension JSONValue {
    /// How deeply arrays and objects may be nested.
    public static let depthMax = 64

    /// Reads a JSON text as RFC 8259 has it, in UTF-8.
    ///
    /// - Throws: where it is no JSON, nests more than ``depthMax`` levels, or gives a member twice.
    public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
        try parse(bytes.span)
    }

    /// Reads a JSON text where it stands, such as a part of a longer one.
    public static func parse(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        var parser = JSONParser()
        return try parser.document(bytes)
    }

    /// Reads a JSON text.
    public static func parse(_ text: String) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8))
    }
}

/// Reads one text from its beginning to its end. Each function is given the text, which nothing may keep.
private struct JSONParser {
    private var place = 0

    mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        let value = try value(bytes, depth: 0)
        skipSpace(bytes)
        guard place == bytes.count else { throw JSONError("more than one value", at: place) }
        return value
    }

    private func next(_ bytes: Span<UInt8>) -> UInt8? {
        place < bytes.count ? bytes[place] : nil
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while let byte = next(bytes), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            place += 1
        }
    }

    private mutating func value(_ bytes: Span<UInt8>, depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= JSONValue.depthMax else {
            throw JSONError("more than \(JSONValue.depthMax) levels", at: place)
        }
        skipSpace(bytes)
        switch next(bytes) {
        case UInt8(ascii: "{"): return try object(bytes, depth)
        case UInt8(ascii: "["): return try array(bytes, depth)
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "t"): return try word(bytes, "true", .bool(true))
        case UInt8(ascii: "f"): return try word(bytes, "false", .bool(false))
        case UInt8(ascii: "n"): return try word(bytes, "null", .null)
        case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
            return try number(bytes)
        case nil: throw JSONError("the text ends where a value is wanted", at: place)
        default: throw JSONError("no value begins", at: place)
        }
    }

    private mutating func word(
        _ bytes: Span<UInt8>, _ word: String, _ value: JSONValue
    ) throws(JSONError) -> JSONValue {
        for byte in word.utf8 {
            guard next(bytes) == byte else { throw JSONError("'\(word)' is misspelled", at: place) }
            place += 1
        }
        return value
    }

    private mutating func array(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONError) -> JSONValue {
        place += 1
        var items: [JSONValue] = []
        skipSpace(bytes)
        if take(bytes, "]") { return .array([]) }
        while true {
            items.append(try value(bytes, depth: depth + 1))
            skipSpace(bytes)
            if take(bytes, "]") { return .array(items) }
            guard take(bytes, ",") else { throw JSONError("a comma or ] is missing", at: place) }
        }
    }

    private mutating func object(_ bytes: Span<UInt8>, _ depth: Int) throws(JSONError) -> JSONValue
    {
        place += 1
        var members: [JSONValue.Member] = []
        var names = MemberNames()
        skipSpace(bytes)
        if take(bytes, "}") { return .object([]) }
        while true {
            skipSpace(bytes)
            guard next(bytes) == UInt8(ascii: "\"") else {
                throw JSONError("a member's name is missing", at: place)
            }
            let start = place
            let name = try string(bytes)
            guard names.insert(name, after: members) else {
                throw JSONError("a member is given twice", at: start)
            }
            skipSpace(bytes)
            guard take(bytes, ":") else { throw JSONError("a colon is missing", at: place) }
            // Most have one, or some more.
            if members.count == 1 { members.reserveCapacity(8) }
            members.append(.init(name, try value(bytes, depth: depth + 1)))
            skipSpace(bytes)
            if take(bytes, "}") { return .object(members) }
            guard take(bytes, ",") else { throw JSONError("a comma or } is missing", at: place) }
        }
    }

    private mutating func take(_ bytes: Span<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard next(bytes) == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        let start = place
        _ = take(bytes, "-")
        if take(bytes, "0") {
            if isDigit(next(bytes)) { throw JSONError("a number begins with 0", at: start) }
        } else {
            try digits(bytes)
        }
        if take(bytes, ".") { try digits(bytes) }
        if take(bytes, "e") || take(bytes, "E") {
            if !take(bytes, "+") { _ = take(bytes, "-") }
            try digits(bytes)
        }
        return .number(try text(bytes.extracting(start..<place), from: start))
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        guard isDigit(next(bytes)) else { throw JSONError("a digit is missing", at: place) }
        while isDigit(next(bytes)) { place += 1 }
    }

    private func isDigit(_ byte: UInt8?) -> Bool {
        guard let byte else { return false }
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        let start = place
        place += 1
        // Most texts are ASCII and stand as they are.
        while let byte = next(bytes), byte >= 0x20, byte < 0x80, byte != UInt8(ascii: "\""),
            byte != UInt8(ascii: "\\")
        {
            place += 1
        }
        let plain = bytes.extracting((start + 1)..<place)
        if next(bytes) == UInt8(ascii: "\"") {
            place += 1
            return try text(plain, from: start)
        }
        var text: [UInt8] = []
        for index in plain.indices { text.append(plain[index]) }
        while let byte = next(bytes) {
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                return try self.text(text.span, from: start)
            case UInt8(ascii: "\\"): try escape(bytes, &text)
            case 0..<0x20: throw JSONError("a control character is not escaped", at: place - 1)
            default: text.append(byte)
            }
        }
        throw JSONError("a text does not end", at: start)
    }

    private func text(_ bytes: Span<UInt8>, from start: Int) throws(JSONError) -> String {
        do throws(UTF8.ValidationError) {
            return String(copying: try UTF8Span(validating: bytes))
        } catch {
            throw JSONError("a text is not UTF-8", at: start)
        }
    }

    private mutating func escape(
        _ bytes: Span<UInt8>, _ text: inout [UInt8]
    ) throws(JSONError) {
        guard let byte = next(bytes) else { throw JSONError("an escape does not end", at: place) }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            let start = place - 2
            var code = UInt32(try unit(bytes))
            if code & 0xFC00 == 0xD800 {
                guard take(bytes, "\\"), take(bytes, "u") else {
                    throw JSONError("half a character is escaped", at: start)
                }
                let low = UInt32(try unit(bytes))
                guard low & 0xFC00 == 0xDC00 else {
                    throw JSONError("half a character is escaped", at: start)
                }
                code = 0x10000 + (code & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let scalar = Unicode.Scalar(code) else {
                throw JSONError("half a character is escaped", at: start)
            }
            text += Array(String(Character(scalar)).utf8)
        default: throw JSONError("an escape is unknown", at: place - 1)
        }
    }

    private mutating func unit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next(bytes), let digit = Self.digit(byte) else {
                throw JSONError("a hexadecimal digit is missing", at: place)
            }
            unit = unit << 4 | digit
            place += 1
        }
        return unit
    }

    private static func digit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

/// The names of an object's members so far: found one by one while they are few.
private struct MemberNames {
    private static let fewMax = 16
    private var many: Set<String> = []

    /// Adds a name.
    ///
    /// - Parameter members: those that have come.
    /// - Returns: whether it is new.
    mutating func insert(_ name: String, after members: [JSONValue.Member]) -> Bool {
        guard members.count >= Self.fewMax else { return !members.contains { $0.name == name } }
        if many.isEmpty { many = Set(members.map(\.name)) }
        return many.insert(name).inserted
    }
}
