// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension CGRFError: Equatable {
    /// Whether both say the same about the same place.
    public static func == (left: CGRFError, right: CGRFError) -> Bool {
        left.code == right.code && left.offset == right.offset && left.found == right.found
            && left.allowed == right.allowed
    }
}

extension CGRFError: CustomStringConvertible {
    /// What is wrong and what to do, without code and place.
    public var detail: String {
        switch code {
        case .truncated:
            "the buffer ends before what it announces; pass the whole buffer, or check its writer"
        case .badMagic: "the buffer does not begin with 'CGRF'; check what was passed"
        case .badVersion:
            "the buffer is of version \(number(found)), only version \(number(allowed)) is "
                + "understood; rebuild its writer with packr 0.2 or later"
        case .bufferTooLarge: "the buffer is too large: \(phrase("bytes")); send less at once"
        case .tooManyNodes:
            "there are too many values: \(phrase("nodes")); send less at once, or use packed lists"
        case .tooManyTypes:
            "the type annotations have too many parts: \(phrase("parts")); use named types"
        case .badKind: "no node is of kind \(hex(found)); the buffer is damaged"
        case .payloadTooLarge: "a value is too large: \(phrase("bytes")); send it in parts"
        case .badRoot: "the root is not one of the nodes: \(phrase("as index"))"
        case .trailingBytes: "\(number(found)) bytes follow the last node; cut them off"
        case .badLength: "a payload is not exactly as long as what it holds; \(damaged)"
        case .badBool: "a truth value is \(number(found)), neither 0 nor 1; \(damaged)"
        case .badChar: "\(hex(found)) is not a Unicode scalar value; \(damaged)"
        case .badUTF8: "a text is not UTF-8; carry other bytes in a list<u8>"
        case .badIndex: "a node names a node that is not there: \(phrase("as index")); \(damaged)"
        case .badType: "no type is of kind \(hex(found)); \(damaged)"
        case .badElement: "a packed list cannot hold elements of kind \(hex(found)); \(damaged)"
        case .notPacked:
            "a list of fixed-width primitives is not packed; rebuild its writer with packr 0.2 "
                + "or later"
        case .sequenceTooLong:
            "a sequence announces more items than can be there: \(phrase("items")); \(damaged)"
        case .cycle: "node \(number(found)) contains itself; \(damaged)"
        case .missingPayload: "a result carries no value; \(damaged)"
        case .tooDeep: "values or types are nested too deeply: \(phrase("levels")); flatten them"
        case .expansionTooLarge:
            "nodes are shared so often that the value would take \(number(found)) bytes or more, "
                + "\(number(allowed)) are allowed; share less"
        case .notPostOrder:
            "nodes are shared, unused or out of order; re-encode the value"
        case .elementMismatch:
            "a list of a fixed-width primitive holds an item of another kind; make all items "
                + "of the list's element type"
        }
    }

    /// The code, the place and the detail.
    public var description: String { "\(code.rawValue): at \(offset): \(detail)." }

    private var damaged: String { "the writer is at fault or the buffer damaged" }

    private func number(_ value: UInt64?) -> String {
        value.map { String($0) } ?? "another number"
    }

    private func hex(_ value: UInt64?) -> String {
        value.map { "0x" + String($0, radix: 16) } ?? "another number"
    }

    private func phrase(_ unit: String) -> String {
        "\(number(found)) \(unit), \(number(allowed)) allowed"
    }
}
#endif
