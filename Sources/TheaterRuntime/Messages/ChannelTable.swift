// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler

/// The channels of a node. Each belongs to its two participants, and to nobody else.
struct ChannelTable {
    /// Whether the one to whom a channel was offered has accepted it.
    enum Phase: Equatable {
        case opening
        case open
    }

    struct Channel: Equatable {
        let initiator: ChannelParticipant
        let target: ChannelParticipant
        var phase: Phase

        /// The other side; `nil` for somebody who is on neither.
        func other(of participant: ChannelParticipant) -> ChannelParticipant? {
            if participant == initiator { return target }
            return participant == target ? initiator : nil
        }
    }

    enum Refusal: Error, Equatable {
        case unknown
        case notParticipant
        case notOpen
        /// This side has as many channels as it may have.
        case full(ChannelParticipant)
    }

    /// A channel that ended with one of its participants.
    struct Ended: Equatable {
        let id: ChannelID
        let other: ChannelParticipant
        let phase: Phase
    }

    private var channels: [ChannelID: Channel] = [:]
    private var owned: [ChannelParticipant: Set<ChannelID>] = [:]
    /// How many channels one actor may have.
    let actorMax: Int
    /// How many all external participants together may have.
    let externalMax: Int

    init(actorMax: Int = 1024, externalMax: Int = 16_384) {
        self.actorMax = actorMax
        self.externalMax = externalMax
    }

    var count: Int { channels.count }

    /// How many channels a participant has.
    func count(of participant: ChannelParticipant) -> Int { owned[participant]?.count ?? 0 }

    /// Enters a channel that is offered.
    mutating func open(
        _ id: ChannelID, from initiator: ChannelParticipant, to target: ChannelParticipant
    ) throws(Refusal) {
        for side in [initiator, target] {
            let countMax = side == .external ? externalMax : actorMax
            guard count(of: side) < countMax else { throw .full(side) }
        }
        channels[id] = Channel(initiator: initiator, target: target, phase: .opening)
        owned[initiator, default: []].insert(id)
        owned[target, default: []].insert(id)
    }

    /// The offer was accepted.
    ///
    /// - Returns: whether the channel is still there.
    mutating func accepted(_ id: ChannelID) -> Bool {
        guard channels[id] != nil else { return false }
        channels[id]?.phase = .open
        return true
    }

    /// To whom a participant speaks on a channel.
    func other(_ id: ChannelID, of participant: ChannelParticipant)
        throws(Refusal) -> ChannelParticipant
    {
        guard let channel = channels[id] else { throw .unknown }
        guard let other = channel.other(of: participant) else { throw .notParticipant }
        guard channel.phase == .open else { throw .notOpen }
        return other
    }

    /// A participant closes a channel.
    ///
    /// - Returns: who is told.
    mutating func close(_ id: ChannelID, by participant: ChannelParticipant)
        throws(Refusal) -> ChannelParticipant
    {
        let other = try other(id, of: participant)
        _ = remove(id)
        return other
    }

    /// Takes a channel out: its offer came to nothing.
    mutating func remove(_ id: ChannelID) -> Channel? {
        guard let channel = channels.removeValue(forKey: id) else { return nil }
        for side in [channel.initiator, channel.target] {
            owned[side]?.remove(id)
            if owned[side]?.isEmpty == true { owned[side] = nil }
        }
        return channel
    }

    /// A participant is over, and its channels with it.
    ///
    /// - Returns: the channels, ordered by identity.
    mutating func end(_ participant: ChannelParticipant) -> [Ended] {
        (owned[participant] ?? []).sorted().compactMap { id in
            guard let channel = remove(id), let other = channel.other(of: participant) else {
                return nil
            }
            return Ended(id: id, other: other, phase: channel.phase)
        }
    }
}
