// SPDX-License-Identifier: Apache-2.0

public import TheaterHandler
public import TheaterPlatform

/// A message that did not reach its receiver's callback.
public struct DeadLetter: Sendable, Hashable, Codable {
    /// How many there were before.
    public let number: UInt64
    /// When it was given up.
    public let time: WallTime
    /// Who sent it.
    public let sender: ChannelParticipant
    /// To whom.
    public let target: ChannelParticipant
    /// The kind: `send`, `request`, `channel-open`, `channel-message`, `channel-close`.
    public let kind: String
    /// The body's size in bytes. The body itself is not kept.
    public let size: Int
    /// Why, as the code of a ``MessageError``.
    public let code: String

    private enum CodingKeys: String, CodingKey {
        case number, time, sender, target, kind, size, code
    }

    init(
        number: UInt64, time: WallTime, sender: ChannelParticipant, target: ChannelParticipant,
        kind: String, size: Int, code: String
    ) {
        self.number = number
        self.time = time
        self.sender = sender
        self.target = target
        self.kind = kind
        self.size = size
        self.code = code
    }

    /// Reads the time as nanoseconds since 1970.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        number = try container.decode(UInt64.self, forKey: .number)
        time = WallTime(nanoseconds: try container.decode(Int64.self, forKey: .time))
        sender = try container.decode(ChannelParticipant.self, forKey: .sender)
        target = try container.decode(ChannelParticipant.self, forKey: .target)
        kind = try container.decode(String.self, forKey: .kind)
        size = try container.decode(Int.self, forKey: .size)
        code = try container.decode(String.self, forKey: .code)
    }

    /// Writes the time as nanoseconds since 1970.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(time.nanoseconds, forKey: .time)
        try container.encode(sender, forKey: .sender)
        try container.encode(target, forKey: .target)
        try container.encode(kind, forKey: .kind)
        try container.encode(size, forKey: .size)
        try container.encode(code, forKey: .code)
    }
}

extension DeadLetter: CustomStringConvertible {
    /// One line: the number, the kind, who to whom, how large, why.
    public var description: String {
        "#\(number) \(kind) \(sender) -> \(target), \(size) bytes [\(code)]"
    }
}

/// The newest dead letters, and how many there were.
struct DeadLetters {
    /// How many are kept; the oldest makes room.
    let capacity: Int
    private var letters: [DeadLetter] = []
    private var first = 0
    private(set) var count: UInt64 = 0
    private(set) var counts: [String: UInt64] = [:]

    init(capacity: Int = 256) { self.capacity = max(1, capacity) }

    mutating func add(_ make: (_ number: UInt64) -> DeadLetter) {
        let letter = make(count)
        count += 1
        counts[letter.code, default: 0] += 1
        if letters.count < capacity {
            letters.append(letter)
        } else {
            letters[first] = letter
            first = (first + 1) % capacity
        }
    }

    /// The kept ones, oldest first.
    var newest: [DeadLetter] { Array(letters[first...] + letters[..<first]) }
}
