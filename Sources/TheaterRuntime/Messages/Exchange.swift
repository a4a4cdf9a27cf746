// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

/// The messages of one node: who can be reached, which channels are open, who waits for whom.
///
/// Nothing here waits, and no lock is held while anything is called: a message goes from its sender
/// straight into the receiver's mailbox, so one slow actor delays nobody but those who wait for it.
final class Exchange: Sendable {
    /// The channels, and where the external ones are read.
    struct Channels {
        var table = ChannelTable()
        var buffers: [ChannelID: ChannelBuffer] = [:]

        mutating func remove(_ id: ChannelID) -> (ChannelTable.Channel, ChannelBuffer?)? {
            guard let channel = table.remove(id) else { return nil }
            return (channel, buffers.removeValue(forKey: id))
        }
    }

    private struct Weak {
        weak var system: ActorSystem?
    }

    /// One who may call others, and whom nobody keeps alive here.
    struct WeakCaller {
        weak var caller: Caller?
    }

    let world: World
    let deadlines: Deadlines
    private let home = Mutex(Weak())
    private let endpoints = Mutex<[ActorID: Endpoint]>([:])
    private let waits = Mutex(WaitGraph())
    /// Those who may call others, so that what they wait for can be given up.
    let callers = Mutex<[ActorID: WeakCaller]>([:])
    private let letters = Mutex(DeadLetters())
    let channels = Mutex(Channels())

    init(world: World, deadlines: Deadlines) {
        self.world = world
        self.deadlines = deadlines
    }

    /// Tells whose messages these are. Called once, before the first actor.
    func connect(_ system: ActorSystem) { home.withLock { $0.system = system } }

    // MARK: Who is there

    var system: ActorSystem? { home.withLock { $0.system } }

    func add(_ endpoint: Endpoint) {
        endpoints.withLock { $0[endpoint.id] = endpoint }
    }

    func remove(_ endpoint: Endpoint) {
        endpoints.withLock { endpoints in
            if endpoints[endpoint.id] === endpoint { endpoints[endpoint.id] = nil }
        }
    }

    func endpoint(of id: ActorID) -> Endpoint? { endpoints.withLock { $0[id] } }

    /// An actor that takes messages.
    func receiver(_ id: ActorID) throws(MessageError) -> Endpoint {
        if let endpoint = endpoint(of: id) {
            if endpoint.isRegistered { return endpoint }
            throw MessageError(
                .notRegistered,
                "'\(endpoint.name)' takes no messages: it has not called register of "
                    + "theater:simple/message-server-host")
        }
        let name = system?.name(of: id).map { "'\($0)'" } ?? "the actor \(id)"
        switch system?.status(of: id) {
        case nil:
            throw MessageError(
                .unknownTarget,
                "no actor has the identity \(id); ask whoever starts the actors for it")
        case .some(let status) where status.isEnded:
            throw MessageError(.targetEnded, "\(name) is over (\(status)); start it again")
        case .restarting:
            throw MessageError(
                .targetEnded, "\(name) is being started again; try again in a moment")
        default:
            throw MessageError(
                .notRegistered,
                "\(name) takes no messages: its manifest does not grant it message-server")
        }
    }

    /// The identity that belongs to an address: an identity, or the name of a live actor.
    func id(at address: String) -> ActorID? {
        ActorID(address) ?? system?.actor(named: address)
    }

    // MARK: Who waits for whom

    /// Enters the wait of an actor for another.
    ///
    /// - Returns: how to take it back, or the actors of the circle that it would close.
    func beginWait(
        _ waiter: ActorID, for target: ActorID
    ) -> Result<@Sendable () -> Void, WaitCycle> {
        switch waits.withLock({ $0.begin(waiter, for: target) }) {
        case .wait(let token):
            return .success { [weak self] in self?.waits.withLock { $0.end(token) } }
        case .cycle(let path): return .failure(cycle(path))
        }
    }

    private func cycle(_ path: [ActorID]) -> WaitCycle {
        let names = path.map { id in
            "'\(system?.name(of: id) ?? "?")' (\(id))"
        }
        return WaitCycle(path: names.joined(separator: " -> "))
    }

    /// Enters the wait of a parent for a child that it starts, starts again or stops.
    ///
    /// It is never refused. When the child waits for its parent, itself or through others, that wait is
    /// given up with an error that names the circle, so that the child can go on.
    ///
    /// - Returns: how to take it back.
    func beginWait(ofParent parent: ActorID, for child: ActorID) -> @Sendable () -> Void {
        let (token, circle) = waits.withLock { $0.enter(parent, for: child) }
        if let circle {
            let cycle = cycle(circle)
            for id in circle.dropFirst().dropLast() where giveUp(id, cycle) { break }
        }
        return { [weak self] in self?.waits.withLock { $0.end(token) } }
    }

    /// Ends what an actor waits for.
    ///
    /// - Returns: whether it waited for an answer.
    private func giveUp(_ id: ActorID, _ cycle: WaitCycle) -> Bool {
        let message = cycle.message("what '\(system?.name(of: id) ?? "?")' asked for")
        if endpoint(of: id)?.interrupt(MessageError(.cycle, message)) == true { return true }
        return callers.withLock { $0[id]?.caller }?.interrupt(RPCError(.cycle, message)) == true
    }

    /// How many actors wait for another.
    var waitsCount: Int { waits.withLock { $0.count } }

    // MARK: Dead letters

    var deadLetters: [DeadLetter] { letters.withLock { $0.newest } }

    var deadLetterCounts: [String: UInt64] { letters.withLock { $0.counts } }

    /// Notes a message that does not reach its receiver's callback.
    func bury(_ message: ActorMessage, to target: ChannelParticipant, _ code: MessageError.Code) {
        let time = world.wallTime()
        letters.withLock { letters in
            letters.add { number in
                DeadLetter(
                    number: number, time: time, sender: message.sender, target: target,
                    kind: message.kind, size: message.size, code: code.rawValue)
            }
        }
        guard let system else { return }
        system.observatory.instruments.buried(code)
        logBurial(message, to: target, code, system)
    }

    /// One line at level debug: whoever floods a full mailbox must not flood the log.
    private func logBurial(
        _ message: ActorMessage, to target: ChannelParticipant, _ code: MessageError.Code,
        _ system: ActorSystem
    ) {
        guard system.logger.logLevel <= .debug else { return }
        var metadata: Logger.Metadata = [
            "message.kind": "\(message.kind)", "message.size": "\(message.size)",
            "message.sender": "\(message.sender)", "message.target": "\(target)",
            "error.code": "\(code.rawValue)",
        ]
        if let id = target.actor {
            metadata["actor.id"] = "\(id)"
            if let name = system.name(of: id) { metadata["actor.name"] = "\(name)" }
        }
        system.logger.debug("a message became a dead letter", metadata: metadata)
    }

    // MARK: Sending

    /// Puts a one-way message into its receiver's mailbox.
    func send(
        _ body: [UInt8], to target: ActorID, from sender: ChannelParticipant, sizeMax: Int
    ) -> MessageError? {
        let message = ActorMessage.send(ActorSend(sender: sender, body: body))
        do throws(MessageError) {
            try checkSize(body, sizeMax, of: "the sender")
            try receiver(target).deliver(message)
            return nil
        } catch {
            bury(message, to: .actor(target), error.code)
            return error
        }
    }

    /// Checks a body against a bound.
    func checkSize(_ body: [UInt8], _ sizeMax: Int, of whom: String) throws(MessageError) {
        if body.count > sizeMax { throw Self.tooLarge(body, sizeMax, of: whom) }
    }

    static func tooLarge(_ body: [UInt8], _ sizeMax: Int, of whom: String) -> MessageError {
        MessageError(
            .tooLarge,
            "the message has \(body.count) bytes, and \(whom) may pass \(sizeMax); send less at "
                + "once, or raise message_size of handler 'message-server'")
    }
}

/// A circle of actors that would wait for each other.
struct WaitCycle: Error, Hashable {
    /// The actors by name and identity, from the one who asked to itself again.
    let path: String

    func message(_ what: String) -> String {
        "\(what) would never be answered, because the actors would wait for each other: \(path); "
            + "send a one-way message instead, or answer later"
    }
}
