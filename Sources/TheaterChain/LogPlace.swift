// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// Where an event stands in the log that the chains of a journal share: what was appended later stands behind
/// what was appended before, whichever chains they belong to. Of use for events of one reader.
public struct LogPlace: Sendable, Hashable, Comparable {
    let position: Position

    /// Whether the one stands before the other.
    public static func < (left: LogPlace, right: LogPlace) -> Bool {
        left.position < right.position
    }
}

extension JournalReader {
    /// Where an event of a chain stands in the log; `nil` for one that the chain does not have.
    ///
    /// - Throws: `unknownChain`, and what reading it throws.
    public func place(
        of sequence: UInt64, in actor: ActorID
    ) throws(JournalError) -> LogPlace? {
        guard sequence < .max else { return nil }
        var cursor = try events(of: actor, in: sequence..<(sequence + 1))
        return try cursor.nextWithPlace()?.at
    }
}
