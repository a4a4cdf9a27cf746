// SPDX-License-Identifier: Apache-2.0

/// What is said on a WebSocket, and how it is put on the wire, as RFC 6455 has it.
public enum WebSocketFrame: Sendable, Hashable {
    /// A message, whole.
    case message([UInt8], isText: Bool)
    /// Whether the other side lives; it answers with the same bytes.
    case ping([UInt8])
    /// It does.
    case pong([UInt8])
    /// The last frame, with a reason.
    case close(WebSocketClose)

    /// The bytes of the frame.
    ///
    /// - Parameter mask: what a client hides its bytes with; a server has none.
    public func encoded(mask: UInt32? = nil) -> [UInt8] {
        let (code, body): (UInt8, [UInt8]) =
            switch self {
            case .message(let body, let isText): (isText ? 1 : 2, body)
            case .close(let close): (8, close.bytes)
            case .ping(let body): (9, body)
            case .pong(let body): (10, body)
            }
        let flag: UInt8 = mask == nil ? 0 : 0x80
        var bytes = [0x80 | code]
        bytes.reserveCapacity(body.count + 14)
        func bigEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
        }
        switch body.count {
        case ..<126: bytes.append(flag | UInt8(body.count))
        case ..<65_536: bytes += [flag | 126] + bigEndian(UInt64(body.count), 2)
        default: bytes += [flag | 127] + bigEndian(UInt64(body.count), 8)
        }
        guard let mask else { return bytes + body }
        let key = bigEndian(UInt64(mask), 4)
        bytes += key
        for (index, byte) in body.enumerated() { bytes.append(byte ^ key[index & 3]) }
        return bytes
    }
}

/// Why a WebSocket ends.
public struct WebSocketClose: Error, Sendable, Hashable {
    /// The number that goes over the wire; `nil` when the other side gave none.
    public let code: UInt16?
    /// In words, at most 123 bytes of them.
    public let reason: String

    /// Makes a reason. Longer words are cut.
    public init(_ code: UInt16?, _ reason: String = "") {
        self.code = code
        var cut = reason
        while cut.utf8.count > 123 { cut.removeLast() }
        self.reason = cut
    }

    var bytes: [UInt8] {
        guard let code else { return [] }
        return [UInt8(code >> 8), UInt8(code & 0xFF)] + reason.utf8
    }

    /// Reads what a frame carries; `nil` for what no frame may.
    init?(_ bytes: [UInt8]) {
        guard bytes.count != 1 else { return nil }
        guard bytes.count >= 2 else {
            self.init(nil)
            return
        }
        let code = UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        let known = (1000...1003).contains(code) || (1007...1014).contains(code)
        guard known || (3000...4999).contains(code),
            let reason = String(validating: bytes[2...], as: UTF8.self)
        else { return nil }
        self.init(code, reason)
    }
}
