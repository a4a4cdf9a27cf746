// SPDX-License-Identifier: Apache-2.0

extension ActorID: Codable {
    /// Reads the hyphenated form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let id = ActorID(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text.prefix(64))' is no actor's identity")
        }
        self = id
    }

    /// Writes the hyphenated form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
