// SPDX-License-Identifier: Apache-2.0

/// Takes the frames of a WebSocket out of the bytes that come, and joins the parts of messages.
///
/// It holds no more than one message of the largest size: a frame that announces more is refused before its bytes come.
public struct WebSocketReader: Sendable {
    private let messageMax: Int
    private let isMasked: Bool
    private var bytes: [UInt8] = []
    private var start = 0
    /// The parts of a message that is not whole.
    private var parts: (body: [UInt8], isText: Bool)?

    /// - Parameters:
    ///   - messageMax: the size of the largest message.
    ///   - isMasked: whether the other side must hide its bytes, as a client must and a server must not.
    public init(messageMax: Int, isMasked: Bool) {
        self.messageMax = messageMax
        self.isMasked = isMasked
    }

    /// Takes bytes in.
    public mutating func add(_ more: [UInt8]) {
        if start > 0, start == bytes.count || start > 65_536 {
            bytes.removeFirst(start)
            start = 0
        }
        bytes += more
    }

    /// The next frame; `nil` when more bytes are needed.
    ///
    /// - Throws: why the connection is to be closed.
    public mutating func next() throws(WebSocketClose) -> WebSocketFrame? {
        while let frame = try frame() {
            if let whole = try joined(frame) { return whole }
        }
        return nil
    }

    private struct Frame {
        let code: UInt8
        let isLast: Bool
        let body: [UInt8]
    }

    private mutating func frame() throws(WebSocketClose) -> Frame? {
        let left = bytes.count - start
        guard left >= 2 else { return nil }
        let (first, second) = (bytes[start], bytes[start + 1])
        guard first & 0x70 == 0 else { throw WebSocketClose(1002, "no extension was agreed on") }
        guard (second & 0x80 != 0) == isMasked else {
            throw WebSocketClose(
                1002,
                isMasked ? "a client must mask its frames" : "a server must not mask its frames")
        }
        let code = first & 0x0F
        let isLast = first & 0x80 != 0
        let short = Int(second & 0x7F)
        let lengthSize = short < 126 ? 0 : short == 126 ? 2 : 8
        let headSize = 2 + lengthSize + (isMasked ? 4 : 0)
        guard left >= 2 + lengthSize else { return nil }
        var size = UInt64(short)
        if lengthSize > 0 {
            size = bytes[start + 2..<start + 2 + lengthSize].reduce(0) { $0 << 8 | UInt64($1) }
        }
        if code >= 8 {
            guard isLast, size < 126 else {
                throw WebSocketClose(1002, "a control frame is short and whole")
            }
        } else {
            let room = UInt64(max(0, messageMax - (parts?.body.count ?? 0)))
            guard size <= room else {
                throw WebSocketClose(1009, "a message has at most \(messageMax) bytes")
            }
        }
        guard UInt64(left) >= UInt64(headSize) + size else { return nil }
        let bodyStart = start + headSize
        var body = Array(bytes[bodyStart..<bodyStart + Int(size)])
        if isMasked {
            let key = Array(bytes[bodyStart - 4..<bodyStart])
            for index in body.indices { body[index] ^= key[index & 3] }
        }
        start = bodyStart + Int(size)
        return Frame(code: code, isLast: isLast, body: body)
    }

    /// The message that a frame ends, or the frame itself when it is no part of one.
    private mutating func joined(_ frame: Frame) throws(WebSocketClose) -> WebSocketFrame? {
        switch frame.code {
        case 8:
            guard let close = WebSocketClose(frame.body) else {
                throw WebSocketClose(1002, "the close frame is malformed")
            }
            return .close(close)
        case 9: return .ping(frame.body)
        case 10: return .pong(frame.body)
        case 0:
            guard parts != nil else { throw WebSocketClose(1002, "no message was begun") }
            parts?.body += frame.body
        case 1, 2:
            guard parts == nil else {
                throw WebSocketClose(1002, "a message begins before the last one ended")
            }
            parts = (frame.body, frame.code == 1)
        default: throw WebSocketClose(1002, "there is no frame of the kind \(frame.code)")
        }
        guard frame.isLast, let whole = parts else { return nil }
        parts = nil
        if whole.isText, String(validating: whole.body, as: UTF8.self) == nil {
            throw WebSocketClose(1007, "a text is no UTF-8")
        }
        return .message(whole.body, isText: whole.isText)
    }
}
