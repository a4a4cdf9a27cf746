// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// The identity of a channel: 128 random bits, so that knowing one cannot be guessed.
///
/// Printed as `ch_` and 32 lower-case hexadecimal digits.
public struct ChannelID: Hashable, Sendable, Comparable {
    private let high: UInt64
    private let low: UInt64

    /// Makes a new identity from the world's chance.
    public init(world: World) {
        high = world.randomWord()
        low = world.randomWord()
    }

    /// Parses the printed form; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 35, text.hasPrefix("ch_") else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        for (index, byte) in text.utf8.dropFirst(3).enumerated() {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if index < 16 {
                words.0 = words.0 << 4 | UInt64(digit)
            } else {
                words.1 = words.1 << 4 | UInt64(digit)
            }
        }
        (high, low) = words
    }

    /// Orders identities by their digits.
    public static func < (left: ChannelID, right: ChannelID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension ChannelID: CustomStringConvertible {
    /// `ch_` and 32 digits.
    public var description: String {
        "ch_"
            + [high, low].map { word in
                let digits = String(word, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }.joined()
    }
}

extension ChannelID: Codable {
    /// Reads the printed form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ChannelID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text.prefix(64))' is no channel's identity")
        }
        self = id
    }

    /// Writes the printed form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// One side of a conversation.
public enum ChannelParticipant: Hashable, Sendable {
    /// A guest actor.
    case actor(ActorID)
    /// Somebody outside of the node's actors: a program that embeds it, or a client of its API.
    case external

    /// The actor, if it is one.
    public var actor: ActorID? { if case .actor(let id) = self { id } else { nil } }
}

extension ChannelParticipant: CustomStringConvertible {
    /// `Actor(…)` with the identity, or `External`.
    public var description: String {
        switch self {
        case .actor(let id): "Actor(\(id))"
        case .external: "External"
        }
    }
}

extension ChannelParticipant: Codable {
    private enum Key: String, CodingKey {
        case actor = "Actor"
    }

    private static let externalText = "External"

    /// Reads `{"Actor": "…"}` or `"External"`.
    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: Key.self) {
            self = .actor(try container.decode(ActorID.self, forKey: .actor))
            return
        }
        let container = try decoder.singleValueContainer()
        guard try container.decode(String.self) == Self.externalText else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a participant is an Actor or External")
        }
        self = .external
    }

    /// Writes `{"Actor": "…"}` or `"External"`.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .actor(let id):
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(id, forKey: .actor)
        case .external:
            var container = encoder.singleValueContainer()
            try container.encode(Self.externalText)
        }
    }
}
