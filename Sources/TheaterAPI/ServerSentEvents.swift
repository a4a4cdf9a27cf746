// SPDX-License-Identifier: Apache-2.0

/// A message of a `text/event-stream`, as the HTML standard has it.
public struct ServerSentEvent: Sendable, Hashable {
    /// What kind it is.
    public var name: String
    /// What a client that lost its connection goes on after; `nil` leaves it as it was.
    public var id: String?
    /// What it says.
    public var data: String

    /// Makes a message.
    public init(_ name: String, id: String? = nil, data: String) {
        self.name = name
        self.id = id
        self.data = data
    }

    /// The text on the wire.
    public var text: String {
        var text = ""
        if let id { text += "id: \(id)\n" }
        text += "event: \(name)\n"
        for line in data.split(separator: "\n", omittingEmptySubsequences: false) {
            text += "data: \(line)\n"
        }
        return text + "\n"
    }
}

/// Reads a `text/event-stream` as it arrives, in pieces of any size.
public struct ServerSentEventParser: Sendable {
    /// The most bytes of one message.
    public let sizeMax: Int
    private var line: [UInt8] = []
    private var endsInReturn = false
    private var name = ""
    private var id: String?
    private var data: [String] = []
    private var size = 0

    /// Makes a parser at the beginning of a stream.
    public init(sizeMax: Int = 128 << 20) { self.sizeMax = sizeMax }

    /// Takes the next bytes.
    ///
    /// - Returns: the messages that are complete now. Comments are none.
    /// - Throws: when a message is larger than ``sizeMax``.
    public mutating func take(
        _ bytes: some Sequence<UInt8>
    ) throws(JSONError) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            let followsReturn = endsInReturn
            endsInReturn = byte == 0x0D
            if byte == 0x0A, followsReturn { continue }
            guard byte == 0x0A || byte == 0x0D else {
                line.append(byte)
                size += 1
                guard size <= sizeMax else {
                    throw JSONError("a message of the stream has more than \(sizeMax) bytes")
                }
                continue
            }
            if let event = endLine() { events.append(event) }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        if line.isEmpty {
            defer { (name, id, data, size) = ("", nil, [], 0) }
            guard !data.isEmpty else { return nil }
            return ServerSentEvent(
                name.isEmpty ? "message" : name, id: id, data: data.joined(separator: "\n"))
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        let text = String(decoding: value, as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = text
        case "data": data.append(text)
        case "id": if !text.contains("\0") { id = text }
        default: break
        }
        return nil
    }
}
