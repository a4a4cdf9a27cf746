// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension ValueText {
    /// Writes values into a text that stops growing soon after a limit.
    struct Printer {
        private(set) var output = ""
        /// Whether anything was left out.
        private(set) var wasCut = false
        private let limit: Int
        private let width: Int?
        /// Where the current line begins.
        private var lineStart = 0

        /// Lists of more bytes than this are written as one literal.
        static let plainBytesMax = 16

        init(limit: Int, width: Int?) {
            self.limit = limit
            self.width = width
        }

        private var isFull: Bool { output.utf8.count >= limit }

        mutating func value(_ value: Value, indent: Int) {
            guard !isFull else { return cut("…") }
            switch value {
            case .bool(let value): output += value ? "true" : "false"
            case .u8(let number): output += "\(number)u8"
            case .u16(let number): output += "\(number)u16"
            case .u32(let number): output += "\(number)u32"
            case .u64(let number): output += "\(number)u64"
            case .s8(let number): output += "\(number)s8"
            case .s16(let number): output += "\(number)s16"
            case .s32(let number): output += "\(number)s32"
            case .s64(let number): output += "\(number)s64"
            case .f32(let number):
                float("\(number)", "f32", bits: UInt64(number.bitPattern), isNaN: number.isNaN)
            case .f64(let number):
                float("\(number)", "f64", bits: number.bitPattern, isNaN: number.isNaN)
            case .flags(let mask): output += "flags(0x\(String(mask, radix: 16)))"
            case .char(let scalar):
                output += "'"
                escape(scalar, quote: "'")
                output += "'"
            case .string(let text): quoted(text)
            default: composite(value, indent: indent)
            }
        }

        /// Writes a value with parts, over several lines if it is too wide for one.
        private mutating func composite(_ value: Value, indent: Int) {
            guard let width else { return parts(of: value, indent: nil) }
            let room = width - (output.utf8.count - lineStart)
            var flat = Printer(limit: max(0, min(room, limit)), width: nil)
            flat.parts(of: value, indent: nil)
            if !flat.wasCut, flat.output.utf8.count <= room {
                output += flat.output
            } else {
                parts(of: value, indent: indent)
            }
        }

        /// Writes the parts; each on a line of its own if there is an indentation.
        private mutating func parts(of value: Value, indent: Int?) {
            switch value {
            case .array(let array):
                self.array(array, indent: indent)
            case .list(.primitive(let element), let items):
                if let array = PackedArray(element: element, items: items) {
                    self.array(array, indent: indent)
                } else {
                    list(.primitive(element), items, indent: indent)
                }
            case .list(let type, let items):
                list(type, items, indent: indent)
            case .tuple(let items):
                sequence("(", ")", items, indent: indent)
            case .option(let type, let inner):
                output += inner == nil ? "none<" : "some<"
                self.type(type)
                output += ">"
                if let inner { wrapped(inner, indent: indent) }
            case .result(let ok, let err, let inner):
                result(ok, err, inner, indent: indent)
            case .record(let record):
                if !record.typeName.isEmpty { name(record.typeName, beginsValue: true) }
                sequence("{", "}", record.fields, indent: indent) { printer, field, indent in
                    printer.name(field.name)
                    printer.output += ": "
                    printer.value(field.value, indent: indent)
                }
            case .variant(let variant):
                if !variant.typeName.isEmpty { name(variant.typeName, beginsValue: true) }
                output += "::"
                name(variant.caseName)
                if variant.tag != 0 { output += "#\(variant.tag)" }
                if !variant.payload.isEmpty {
                    sequence("(", ")", variant.payload, indent: indent)
                }
            default: break
            }
        }

        private mutating func result(
            _ ok: ValueType, _ err: ValueType, _ inner: Value.ResultPayload, indent: Int?
        ) {
            let payload: Value
            switch inner {
            case .ok(let value):
                payload = value
                output += "ok<"
            case .err(let value):
                payload = value
                output += "err<"
            }
            type(ok)
            output += ", "
            type(err)
            output += ">"
            wrapped(payload, indent: indent)
        }

        private mutating func wrapped(_ inner: Value, indent: Int?) {
            output += "("
            value(inner, indent: indent ?? 0)
            output += ")"
        }

        private mutating func array(_ array: PackedArray, indent: Int?) {
            if array.element == .u8, array.count > Printer.plainBytesMax {
                return bytes(array.bytes)
            }
            sequence("[", "]", 0..<array.count, indent: indent) { printer, index, indent in
                if let item = array[checked: index] { printer.value(item, indent: indent) }
            }
            if array.count == 0 { suffix(.primitive(array.element)) }
        }

        private mutating func list(_ type: ValueType, _ items: [Value], indent: Int?) {
            sequence("[", "]", items, indent: indent)
            guard let first = items.first, first.implies(type) else { return suffix(type) }
        }

        private mutating func suffix(_ type: ValueType) {
            output += "<"
            self.type(type)
            output += ">"
        }

        private mutating func sequence(
            _ open: String, _ close: String, _ items: [Value], indent: Int?
        ) {
            sequence(open, close, items, indent: indent) { printer, item, indent in
                printer.value(item, indent: indent)
            }
        }

        private mutating func sequence<Items: RandomAccessCollection>(
            _ open: String, _ close: String, _ items: Items, indent: Int?,
            item: (inout Printer, Items.Element, Int) -> Void
        ) {
            output += open
            let inner = (indent ?? 0) + 2
            var remaining = items.count
            for element in items {
                if remaining < items.count { output += indent == nil ? ", " : "," }
                if indent != nil { newLine(inner) }
                guard !isFull else {
                    cut("…(+\(remaining) items)")
                    break
                }
                item(&self, element, inner)
                remaining -= 1
            }
            if let indent, !items.isEmpty { newLine(indent) }
            output += close
        }

        private mutating func newLine(_ indent: Int) {
            output += "\n"
            lineStart = output.utf8.count
            output += String(repeating: " ", count: indent)
        }

        private mutating func cut(_ mark: String) {
            output += mark
            wasCut = true
        }

        // MARK: Types and atoms

        mutating func type(_ type: ValueType) {
            guard !isFull else { return cut("…") }
            switch type {
            case .primitive(let primitive): output += primitive.name
            case .string: output += "string"
            case .list(let inner): types("list", [inner])
            case .option(let inner): types("option", [inner])
            case .result(let ok, let err): types("result", [ok, err])
            case .tuple(let parts): types("tuple", parts)
            case .record(let name):
                if ValueText.isPlainTypeName(name) {
                    output += name
                } else {
                    output += "record<"
                    self.name(name)
                    output += ">"
                }
            case .variant(let name):
                output += "variant<"
                self.name(name)
                output += ">"
            }
        }

        private mutating func types(_ head: String, _ parts: [ValueType]) {
            output += head
            output += "<"
            for (index, part) in parts.enumerated() {
                if index > 0 { output += ", " }
                guard !isFull else {
                    cut("…(+\(parts.count - index) items)")
                    break
                }
                type(part)
            }
            output += ">"
        }

        private mutating func name(_ name: String, beginsValue: Bool = false) {
            let isPlain = beginsValue ? ValueText.isPlainValueName(name) : ValueText.isWord(name)
            if isPlain { output += name } else { quoted(name) }
        }

        private mutating func float(_ text: String, _ suffix: String, bits: UInt64, isNaN: Bool) {
            if isNaN {
                output += "nan:0x\(String(bits, radix: 16)):\(suffix)"
            } else if text == "inf" || text == "-inf" {
                output += "\(text):\(suffix)"
            } else {
                output += text + suffix
            }
        }

        private mutating func quoted(_ text: String) {
            output += "\""
            var written = 0
            for scalar in text.unicodeScalars {
                guard !isFull else {
                    cut("…(+\(text.utf8.count - written) bytes)")
                    break
                }
                escape(scalar, quote: "\"")
                written += UTF8.width(scalar)
            }
            output += "\""
        }

        private mutating func bytes(_ bytes: [UInt8]) {
            let isText = bytes.allSatisfy { byte in
                (0x20...0x7E).contains(byte) || (0x09...0x0A).contains(byte) || byte == 0x0D
            }
            output += isText ? "b\"" : "0x\""
            for (index, byte) in bytes.enumerated() {
                guard !isFull else {
                    cut("…(+\(bytes.count - index) bytes)")
                    break
                }
                if isText {
                    escape(Unicode.Scalar(byte), quote: "\"")
                } else {
                    output += byte < 16 ? "0" : ""
                    output += String(byte, radix: 16)
                }
            }
            output += "\""
        }

        private mutating func escape(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) {
            switch scalar {
            case "\\": output += "\\\\"
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            case "\0": output += "\\0"
            case quote:
                output += "\\"
                output.unicodeScalars.append(quote)
            default:
                if ValueText.isVisible(scalar) {
                    output.unicodeScalars.append(scalar)
                } else {
                    output += "\\u{\(String(scalar.value, radix: 16))}"
                }
            }
        }
    }
}
#endif
