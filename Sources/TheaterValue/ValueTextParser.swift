// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension ValueText {
    /// Reads values from a text.
    struct Parser {
        let bytes: [UInt8]
        var position = 0

        /// The greatest nesting of values, and of type annotations.
        static let depthMax = CGRF.Limits().depthMax

        init(_ text: String) {
            bytes = Array(text.utf8)
        }

        mutating func value(depth: Int) throws(ValueTextError) -> Value {
            guard depth <= Parser.depthMax else {
                throw error(
                    .tooDeep, "values are nested more than \(Parser.depthMax) deep; flatten them")
            }
            skipSpace()
            switch peek {
            case UInt8(ascii: "["): return try list(depth)
            case UInt8(ascii: "("): return .tuple(try items("(", ")", depth))
            case UInt8(ascii: "{"): return try record("", depth)
            case UInt8(ascii: ":"): return try variant("", depth)
            case UInt8(ascii: "'"): return try character()
            case UInt8(ascii: "\""):
                let text = try quoted()
                return try named(text, depth) ?? .string(text)
            case UInt8(ascii: "-"), .some(UInt8(ascii: "0")...UInt8(ascii: "9")):
                return try number()
            case .some(let byte) where ValueText.isWordByte(byte):
                return try keyword(depth)
            default:
                throw unexpected("a value")
            }
        }

        /// Reads a value that begins with a word.
        private mutating func keyword(_ depth: Int) throws(ValueTextError) -> Value {
            let start = position
            let word = word()
            if word == "b", peek == UInt8(ascii: "\"") { return .bytes(try byteText()) }
            if let value = try named(word, depth) { return value }
            switch word {
            case "true": return .bool(true)
            case "false": return .bool(false)
            case "none": return .option(try typeArguments(1)[0], nil)
            case "some":
                let type = try typeArguments(1)[0]
                return .option(type, try wrapped(depth))
            case "ok", "err":
                let types = try typeArguments(2)
                let inner = try wrapped(depth)
                return .result(ok: types[0], err: types[1], word == "ok" ? .ok(inner) : .err(inner))
            case "flags":
                try expect("(")
                let mask = try natural(as: UInt64.self)
                try expect(")")
                return .flags(mask)
            case "inf", "nan":
                position = start
                return try specialFloat()
            default:
                position = start
                throw unexpected("a value; write a record as \(word){…}, a text in quotes")
            }
        }

        /// Reads the rest of a record or variant, or nothing if the name is neither's.
        private mutating func named(
            _ name: String, _ depth: Int
        ) throws(ValueTextError) -> Value? {
            let start = position
            skipSpace()
            if peek == UInt8(ascii: "{") { return try record(name, depth) }
            if peek == UInt8(ascii: ":"), peek(1) == UInt8(ascii: ":") {
                return try variant(name, depth)
            }
            position = start
            return nil
        }

        private mutating func record(
            _ typeName: String, _ depth: Int
        ) throws(ValueTextError) -> Value {
            var fields: [Value.Record.Field] = []
            try expect("{")
            while !accept("}") {
                if !fields.isEmpty { try expect(",") }
                let name = try name()
                try expect(":")
                fields.append(.init(name, try value(depth: depth + 1)))
            }
            return .record(Value.Record(typeName, fields))
        }

        private mutating func variant(
            _ typeName: String, _ depth: Int
        ) throws(ValueTextError) -> Value {
            try expect(":")
            try expect(":")
            let caseName = try name()
            var tag: UInt32 = 0
            if accept("#") { tag = try natural(as: UInt32.self) }
            let start = position
            skipSpace()
            var payload: [Value] = []
            if peek == UInt8(ascii: "(") {
                payload = try items("(", ")", depth)
            } else {
                position = start
            }
            return .variant(Value.Variant(typeName, caseName, tag: tag, payload))
        }

        private mutating func wrapped(_ depth: Int) throws(ValueTextError) -> Value {
            try expect("(")
            let inner = try value(depth: depth + 1)
            try expect(")")
            return inner
        }

        private mutating func items(
            _ open: Unicode.Scalar, _ close: Unicode.Scalar, _ depth: Int
        ) throws(ValueTextError) -> [Value] {
            var items: [Value] = []
            try expect(open)
            while !accept(close) {
                if !items.isEmpty { try expect(",") }
                items.append(try value(depth: depth + 1))
            }
            return items
        }

        private mutating func list(_ depth: Int) throws(ValueTextError) -> Value {
            let start = position
            let items = try items("[", "]", depth)
            let type: ValueType
            if accept("<") {
                type = try self.type(depth: 1)
                try expect(">")
            } else if let first = items.first {
                type = first.impliedType
            } else {
                throw unexpected("the type of the empty list, as in []<string>")
            }
            do throws(CGRFError) {
                return try Value.list(of: type, items)
            } catch {
                let item = error.offset + 1
                throw self.error(
                    .mixedList, at: start,
                    "item \(item) of the list is not of the list's type "
                        + "\(ValueText.print(type)); make all items of one type")
            }
        }

        // MARK: Types

        private mutating func typeArguments(_ count: Int) throws(ValueTextError) -> [ValueType] {
            var types: [ValueType] = []
            try expect("<")
            for index in 0..<count {
                if index > 0 { try expect(",") }
                types.append(try type(depth: 1))
            }
            try expect(">")
            return types
        }

        private mutating func type(depth: Int) throws(ValueTextError) -> ValueType {
            guard depth <= Parser.depthMax else {
                throw error(
                    .tooDeep, "types are nested more than \(Parser.depthMax) deep; flatten them")
            }
            skipSpace()
            guard let byte = peek, ValueText.isWordByte(byte) else { throw unexpected("a type") }
            let word = word()
            if let primitive = Primitive(name: word) { return .primitive(primitive) }
            switch word {
            case "string": return .string
            case "record", "variant":
                try expect("<")
                let name = try name()
                try expect(">")
                return word == "record" ? .record(name) : .variant(name)
            case "list", "option":
                try expect("<")
                let inner = try type(depth: depth + 1)
                try expect(">")
                return word == "list" ? .list(inner) : .option(inner)
            case "result":
                try expect("<")
                let ok = try type(depth: depth + 1)
                try expect(",")
                let err = try type(depth: depth + 1)
                try expect(">")
                return .result(ok, err)
            case "tuple":
                var parts: [ValueType] = []
                try expect("<")
                while !accept(">") {
                    if !parts.isEmpty { try expect(",") }
                    parts.append(try type(depth: depth + 1))
                }
                return .tuple(parts)
            default:
                return .record(word)
            }
        }
    }
}
#endif
