// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
/// Why a text is not a value.
public struct ValueTextError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// Something else was expected here.
        case unexpected = "value-text.unexpected"
        /// The text ends within a value.
        case unfinished = "value-text.unfinished"
        /// A number is malformed or does not fit its type.
        case badNumber = "value-text.bad-number"
        /// An escape sequence is malformed or names no character.
        case badEscape = "value-text.bad-escape"
        /// A list of a fixed-width primitive holds an item of another kind.
        case mixedList = "value-text.mixed-list"
        /// Values or types are nested too deeply.
        case tooDeep = "value-text.too-deep"
        /// Something follows the value.
        case trailing = "value-text.trailing"
    }

    /// What went wrong.
    public let code: Code
    /// Where, in bytes of UTF-8 from the beginning.
    public let offset: Int
    /// The line of that place, from 1.
    public let line: Int
    /// The column of that place in Unicode scalars, from 1.
    public let column: Int
    /// What is wrong and what is expected, without the place.
    public let detail: String

    /// The code, the place and the detail.
    public var description: String { "\(code.rawValue): \(line):\(column): \(detail)." }
}
#endif
