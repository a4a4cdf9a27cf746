// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform

/// What the inbox of a durable actor is to keep of an operation.
enum InboxItem: Sendable {
    /// Nothing: whoever asked is not answered after a crash, and asks again.
    case none
    /// Mail that has just come.
    case fresh(Mail)
    /// Mail that the inbox has already, under this number.
    case kept(UInt64)
}

/// The mail of a durable actor, kept in a chain of its own until it is handled.
///
/// The journal is one log: mail that is accepted stands in it before the call that handles it, and before
/// whatever its sender does next. So a crash leaves a beginning of what happened, and nothing else.
final class Inbox: @unchecked Sendable {
    // SAFETY: everything but `sync()` is called under the lock of the cell's shared state.
    private var writer: ChainWriter?
    private let journal: Journal
    private let world: World
    /// Why it keeps nothing any more: what the mailbox has and what is kept are not the same.
    private(set) var failure: JournalError?

    /// Whether who sent has to wait until mail is on disk.
    let isStrict: Bool

    /// Opens the inbox of an actor, and makes it when there is none.
    init(
        of actor: ActorID, name: String, durability: Durability, in journal: Journal, world: World
    ) throws(JournalError) {
        (self.world, self.journal) = (world, journal)
        let writer =
            if journal.existingHead(actor: actor.inbox) != nil {
                try journal.resumeChain(actor: actor.inbox, durability: durability)
            } else {
                try journal.makeChain(
                    actor: actor.inbox, name: "\(name):inbox", durability: durability)
            }
        self.writer = writer
        isStrict = writer.durability == .strict
        if writer.head.count == 0 { try note(.inbox(of: actor)) }
    }

    /// The number of the next mail.
    var next: UInt64 { writer?.head.count ?? 0 }

    /// The number that an operation gets when it is accepted.
    func number(of item: InboxItem) -> UInt64? {
        switch item {
        case .none: nil
        case .fresh: next
        case .kept(let number): number
        }
    }

    /// Keeps mail that the mailbox is about to take. What cannot be kept must not be taken.
    ///
    /// - Throws: the failure of the inbox, which stays. A journal that has no room at the moment, or none for
    ///   mail of this size, refuses this one alone.
    func keep(_ item: InboxItem) throws(JournalError) {
        guard case .fresh(let mail) = item else { return }
        if let failure { throw failure }
        do throws(JournalError) {
            try note(.mail(mail))
        } catch {
            if !Self.isPassing(error) { failure = error }
            throw error
        }
    }

    /// Whether later mail may be kept all the same.
    private static func isPassing(_ error: JournalError) -> Bool {
        error.code == .overloaded || error.code == .payloadTooLarge
    }

    /// Notes that mail which was kept will not be handled. Without that note it would be, after a crash: the
    /// inbox fails with it.
    func drop(_ mail: UInt64, _ reason: String) {
        guard failure == nil else { return }
        do throws(JournalError) {
            try note(.dropped(mail: mail, reason: reason))
        } catch {
            failure = error
        }
    }

    private func note(_ note: LifeNote) throws(JournalError) {
        try writer?.append(.note(note), time: world.wallTime())
    }

    /// Gives the chain free for the actor's next life.
    func close() { writer = nil }

    /// Waits while more is recorded than the disk takes; not under the lock.
    func waitForSpace() async { await journal.waitForSpace() }

    /// Returns once all that was accepted is on disk; not under the lock.
    func sync() async throws(JournalError) { try await journal.sync() }
}

extension Mail {
    /// What is kept of a message; `nil` for one whose sender waits for an answer and learns of a crash.
    init?(_ message: ActorMessage) {
        switch message {
        case .send(let message):
            self.init(kind: .send, sender: message.sender.actor, body: message.body)
        case .channelMessage(let message):
            self.init(
                kind: .channelMessage, sender: message.sender.actor,
                channel: message.channel.description, body: message.body)
        case .channelClose(let notice):
            self.init(
                kind: .channelClose, sender: notice.sender.actor,
                channel: notice.channel.description, body: [])
        case .request, .channelOpen: return nil
        }
    }

    /// The message; `nil` when its channel is none.
    var message: ActorMessage? {
        let sender = sender.map { ChannelParticipant.actor($0) } ?? .external
        switch kind {
        case .send: return .send(ActorSend(sender: sender, body: body))
        case .channelMessage:
            return ChannelID(channel).map {
                .channelMessage(ActorChannelMessage(channel: $0, sender: sender, body: body))
            }
        case .channelClose:
            return ChannelID(channel).map {
                .channelClose(ActorChannelClose(channel: $0, sender: sender))
            }
        }
    }
}
