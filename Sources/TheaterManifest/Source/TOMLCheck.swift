// SPDX-License-Identifier: Apache-2.0

internal import TOMLKit

/// The TOML library's verdict on a text.
enum TOMLCheck {
    /// Throws what the library says about a text that is not TOML.
    ///
    /// Shape: the text must have passed `SourceParser`. The library follows dotted keys without a
    /// bound, stops at a NUL character, and ends the process on some malformed dates; the parser
    /// lets none of these through. What is left for the library are TOML's rules about tables that
    /// are defined twice, and a second opinion on everything else.
    static func check(_ text: String) throws(SourceError) {
        do {
            let table = try TOMLTable(string: text)
            // The wrapper never frees what it parsed; an empty table is all that may stay behind.
            table.clear()
        } catch let error as TOMLParseError {
            throw SourceError(
                code: .syntax,
                place: ManifestPlace(
                    line: error.source.begin.line, column: error.source.begin.column),
                message: "the text is not valid TOML: \(error.description)")
        } catch {
            throw SourceError(
                code: .syntax, place: ManifestPlace(line: 1, column: 1),
                message: "the text is not valid TOML: \(error)")
        }
    }
}
