// SPDX-License-Identifier: Apache-2.0

/// Why a value could not be encoded or a buffer not be decoded.
public struct CGRFError: Error, Sendable {
    /// What went wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// The buffer ends before what it announces.
        case truncated = "cgrf.truncated"
        /// The buffer does not begin with "CGRF".
        case badMagic = "cgrf.bad-magic"
        /// The buffer is of another version than 2.
        case badVersion = "cgrf.bad-version"
        /// The buffer is larger than the limit.
        case bufferTooLarge = "cgrf.buffer-too-large"
        /// There are more nodes than the limit.
        case tooManyNodes = "cgrf.too-many-nodes"
        /// The type annotations have more parts than the limit.
        case tooManyTypes = "cgrf.too-many-types"
        /// A node is of no known kind.
        case badKind = "cgrf.bad-kind"
        /// A payload is larger than the limit.
        case payloadTooLarge = "cgrf.payload-too-large"
        /// The root is not one of the nodes.
        case badRoot = "cgrf.bad-root"
        /// Something follows the last node.
        case trailingBytes = "cgrf.trailing-bytes"
        /// A payload is shorter or longer than what it holds.
        case badLength = "cgrf.bad-length"
        /// A truth value is neither 0 nor 1.
        case badBool = "cgrf.bad-bool"
        /// A character is not a Unicode scalar value.
        case badChar = "cgrf.bad-char"
        /// A text is not UTF-8.
        case badUTF8 = "cgrf.bad-utf8"
        /// A node names a node that is not there.
        case badIndex = "cgrf.bad-index"
        /// A type annotation is of no known kind.
        case badType = "cgrf.bad-type"
        /// A packed list is of a type without fixed width.
        case badElement = "cgrf.bad-element"
        /// A list of a fixed-width primitive is not packed.
        case notPacked = "cgrf.not-packed"
        /// A sequence announces more items than the limit, or than its payload can hold.
        case sequenceTooLong = "cgrf.sequence-too-long"
        /// A node contains itself.
        case cycle = "cgrf.cycle"
        /// A result carries no value.
        case missingPayload = "cgrf.missing-payload"
        /// Nodes or type annotations nest deeper than the limit.
        case tooDeep = "cgrf.too-deep"
        /// Shared nodes, written out, would be far larger than the buffer.
        case expansionTooLarge = "cgrf.expansion-too-large"
        /// Nodes are shared, unused or not in post-order: for guests only, hosts read them.
        case notPostOrder = "cgrf.not-post-order"
        /// A list of a fixed-width primitive holds an item of another kind.
        case elementMismatch = "cgrf.element-mismatch"
    }

    /// What went wrong.
    public let code: Code
    /// Where: when decoding the byte in the buffer, when encoding the number of nodes completed.
    public let offset: Int
    #if !hasFeature(Embedded)
    /// What was found there (a count, an index, a size or a byte), or `nil` if no number tells.
    public let found: UInt64?
    /// What was allowed (the greatest or the only legal number), or `nil` if no number tells.
    public let allowed: UInt64?
    #endif

    // Guests do without the facts: an error that fits two registers saves kilobytes of code.
    #if hasFeature(Embedded)
    @inline(__always)
    #endif
    init(
        _ code: Code, at offset: Int, found: @autoclosure () -> UInt64? = nil,
        allowed: @autoclosure () -> UInt64? = nil
    ) {
        self.code = code
        self.offset = offset
        #if !hasFeature(Embedded)
        self.found = found()
        self.allowed = allowed()
        #endif
    }

    /// Makes an error about signed quantities; what is negative reads as 0.
    #if hasFeature(Embedded)
    @inline(__always)
    #endif
    init(_ code: Code, at offset: Int, size: Int, max: Int) {
        self.init(
            code, at: offset, found: UInt64(clamping: size), allowed: UInt64(clamping: max))
    }
}
