// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
/// The text form of values, for people.
///
/// Every value has a text that reads back as a value with the same encoding. Where the text form
/// of the reference loses something (tags, element types, odd names, infinities), ours writes it.
///
/// ```text
/// value    = "true" | "false" | number | "flags(" natural ")" | "'" char "'" | text
///          | bytes | list | tuple | option | result | record | variant
/// number   = ["-"] natural [suffix] | ["-"] digits ["." digits] [exponent] [suffix]
///          | ["-"] "inf:" float | "nan:" hex ":" float         ; hex: the bits of the number
/// natural  = digits | "0x" hexdigits
/// suffix   = "u8" … "u64" | "s8" … "s64" | float
/// float    = "f32" | "f64"
/// text     = '"' { char } '"'
/// char     = a character | "\n" | "\r" | "\t" | "\0" | "\\" | "\"" | "\'" | "\u{" hex "}"
/// bytes    = '0x"' { hexdigit hexdigit } '"'                   ; a list of u8
///          | 'b"' { char | "\x" hexdigit hexdigit } '"'        ; the same, "\u" excepted
/// list     = "[" [ value { "," value } ] "]" [ "<" type ">" ]
/// tuple    = "(" [ value { "," value } ] ")"
/// option   = "some<" type ">(" value ")" | "none<" type ">"
/// result   = ( "ok" | "err" ) "<" type "," type ">(" value ")"
/// record   = [ name ] "{" [ name ":" value { "," name ":" value } ] "}"
/// variant  = [ name ] "::" name [ "#" tag ] [ "(" [ value { "," value } ] ")" ]
/// name     = word | text                   ; word: letters A-Z a-z, digits, "_" and "-"
/// type     = "bool" | "u8" … "f64" | "char" | "flags" | "string" | "list<" type ">"
///          | "option<" type ">" | "result<" type "," type ">" | "tuple<" [ types ] ">"
///          | name | "record<" name ">" | "variant<" name ">"   ; a name alone is a record
/// ```
///
/// A number without a suffix is an `s64`, or an `f64` if it has a point or an exponent. A list
/// without a type has the type of its first item; a list of a fixed-width primitive is packed. A
/// missing tag is 0, a missing name empty. A name that begins a value and is also the beginning
/// of another form (`true`, `none`, a digit) is written in quotes. White space is free between
/// tokens.
public enum ValueText {
    /// How to print.
    public struct Options: Sendable {
        /// About how many bytes of text to write, or `nil` for all.
        ///
        /// Once they are used up, what remains of each sequence is shown as `…(+N items)` and of
        /// each text as `…(+N bytes)`. A text that was cut cannot be read back.
        public var limit: Int?
        /// The line width from which a value is spread over several lines, or `nil` for one line.
        public var width: Int?

        /// Makes options.
        public init(limit: Int? = nil, width: Int? = nil) {
            self.limit = limit
            self.width = width
        }
    }

    /// Prints a value.
    ///
    /// Control, format and other invisible characters are escaped, so the text is safe to show
    /// in a terminal. Lists of more than 16 bytes are written as one byte literal.
    public static func print(_ value: Value, options: Options = Options()) -> String {
        var printer = Printer(limit: max(0, options.limit ?? .max), width: options.width)
        printer.value(value, indent: 0)
        return printer.output
    }

    /// Prints a type annotation.
    public static func print(_ type: ValueType) -> String {
        var printer = Printer(limit: .max, width: nil)
        printer.type(type)
        return printer.output
    }

    /// Reads a value.
    ///
    /// - Throws: a `ValueTextError` with the place of the first mistake; values nested deeper
    ///   than 512 are one.
    public static func parse(_ text: String) throws(ValueTextError) -> Value {
        var parser = Parser(text)
        let value = try parser.value(depth: 1)
        try parser.finish()
        return value
    }
}
#endif
