// SPDX-License-Identifier: Apache-2.0

extension ActorStatus: Codable {
    private static let failurePrefix = "failed: "

    /// Reads the printed form; `nil` for anything else.
    public init?(_ text: String) {
        let simple: [ActorStatus] = [
            .starting, .running, .stopping, .restarting, .stopped, .completed, .killed,
        ]
        if let status = simple.first(where: { $0.description == text }) {
            self = status
        } else if text.hasPrefix(Self.failurePrefix) {
            self = .failed(String(text.dropFirst(Self.failurePrefix.count)))
        } else {
            return nil
        }
    }

    /// Reads the printed form.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let status = ActorStatus(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "'\(text.prefix(64))' is no actor's status")
        }
        self = status
    }

    /// Writes the printed form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
