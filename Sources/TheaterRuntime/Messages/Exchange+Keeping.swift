// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterHandler
internal import TheaterPlatform

extension Exchange {
    /// Sends to an actor, and returns when what was sent is kept.
    ///
    /// - Throws: what sending throws; `message.not-kept` when the disk refuses.
    func keep(
        by actor: ActorID, _ send: () throws(MessageError) -> Void
    ) async throws(MessageError) {
        // The inbox takes what the disk has room for.
        await system?.liveCell(actor)?.inbox?.waitForSpace()
        // Whichever life it is that takes the message, its inbox says whether that must be on disk.
        let receiver = endpoint(of: actor)
        try send()
        guard let inbox = (endpoint(of: actor) ?? receiver)?.cell.inbox, inbox.isStrict
        else { return }
        do throws(JournalError) {
            try await inbox.sync()
        } catch {
            throw MessageError(
                .notKept,
                "the message was accepted, and whether it survives a crash is not known: \(error)")
        }
    }

    /// Sends on a channel of an external participant, and returns when what was sent is kept.
    func post(_ body: [UInt8], on id: ChannelID) async throws(MessageError) {
        let send = { () throws(MessageError) in
            if let error = self.send(body, on: id, from: .external) { throw error }
        }
        let other = channels.withLock { try? $0.table.other(id, of: .external) }
        guard let actor = other?.actor else { return try send() }
        try await keep(by: actor, send)
    }
}
