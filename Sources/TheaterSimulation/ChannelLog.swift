// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform
internal import TheaterValue

/// The channels of one run: who offered them to whom, and what was said on them.
///
/// Offers and messages have numbers of their own, in the order in which they were made, so that a body says
/// which it is.
final class ChannelLog: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.

    /// An offer of a channel.
    struct Offer {
        /// `nil` for somebody who is no actor.
        let initiator: ActorID?
        let isAccepted: Bool
    }

    /// A channel that its target has heard of.
    struct Channel {
        let id: String
        let initiator: ActorID?
        let target: ActorID
        /// When the initiator learned that it is open.
        var opened: MonotonicTime?
        /// When one of the two closed it, and who.
        var closed: (time: MonotonicTime, by: ActorID?)?
        /// Who was told of its end.
        var told: Set<ActorID> = []

        func has(_ actor: ActorID) -> Bool { initiator == actor || target == actor }
    }

    /// A message that somebody tried to send.
    struct Message {
        let channel: String
        let sender: ActorID?
    }

    private(set) var offers: [Offer] = []
    private(set) var channels: [Channel] = []
    private(set) var messages: [Message] = []
    private var indices: [String: Int] = [:]

    subscript(_ id: String) -> Channel? { indices[id].map { channels[$0] } }

    /// The body of a new offer.
    func offer(from initiator: ActorID?, isAccepted: Bool) -> [UInt8] {
        offers.append(Offer(initiator: initiator, isAccepted: isAccepted))
        return ScriptHandler.body(UInt64(offers.count)) + [1]
    }

    /// The body of a new message.
    func message(on channel: String, from sender: ActorID?) -> [UInt8] {
        messages.append(Message(channel: channel, sender: sender))
        return ScriptHandler.body(UInt64(messages.count)) + [2]
    }

    static func isOffer(_ body: [UInt8]) -> Bool { body.count == 9 && body[8] == 1 }

    /// The offer of a body.
    func offer(_ body: [UInt8]) -> Offer? {
        let number = ScriptHandler.number(body)
        return number > 0 && number <= UInt64(offers.count) ? offers[Int(number) - 1] : nil
    }

    /// A channel was offered to an actor.
    ///
    /// - Returns: whether it accepts.
    func offered(_ id: String, _ body: [UInt8], to target: ActorID) -> Bool {
        guard let offer = offer(body), indices[id] == nil else { return false }
        indices[id] = channels.count
        channels.append(Channel(id: id, initiator: offer.initiator, target: target))
        return offer.isAccepted
    }

    func opened(_ id: String, at time: MonotonicTime) {
        if let index = indices[id] { channels[index].opened = time }
    }

    func closed(_ id: String, by participant: ActorID?, at time: MonotonicTime) {
        guard let index = indices[id], channels[index].closed == nil else { return }
        channels[index].closed = (time, participant)
    }

    func told(_ id: String, _ actor: ActorID) {
        if let index = indices[id] { channels[index].told.insert(actor) }
    }

    /// One of the channels that are known, mostly one of the actor's own.
    func pick(_ choice: Int, for actor: ActorID) -> String? {
        let own = choice % 4 == 0 ? channels : channels.filter { $0.has(actor) }
        return own.isEmpty ? nil : own[own.count - 1 - choice / 4 % own.count].id
    }

    /// How many notices of ends an actor may still get: they wait beside what its mailbox may hold.
    func noticesDue(_ actor: ActorID) -> Int {
        channels.count { $0.has(actor) && !$0.told.contains(actor) }
    }
}

/// Checks what one actor heard of its channels, by its chain.
struct ChannelCheck {
    private let log: ChannelLog
    private let actor: ActorID
    private var known: Set<String> = []
    private var ended: Set<String> = []
    private var lastMessages: [String: UInt64] = [:]
    private(set) var problems: [String] = []

    init(_ log: ChannelLog, _ actor: ActorID) {
        self.log = log
        self.actor = actor
    }

    /// Takes the next call of a callback.
    mutating func take(_ call: ChainCheck.Call) {
        guard let id = call.arguments.first?.asString else { return }
        switch call.function {
        case ScriptedGuest.handleChannelOpen:
            if !known.insert(id).inserted { report("is offered \(id) again") }
        case ScriptedGuest.handleChannelMessage:
            expectOwn(id)
            if ended.contains(id) { report("hears of \(id) after its end") }
            takeMessage(id, call.arguments.last?.asBytes ?? [])
        case ScriptedGuest.handleChannelClose:
            expectOwn(id)
            if !ended.insert(id).inserted { report("is told twice that \(id) is closed") }
        default: break
        }
    }

    private mutating func expectOwn(_ id: String) {
        guard let channel = log[id] else { return report("hears of \(id), which nobody offered") }
        if !channel.has(actor) { report("hears of \(id), which belongs to two others") }
        if channel.target == actor, !known.contains(id) { report("hears of \(id) too early") }
    }

    private mutating func takeMessage(_ id: String, _ body: [UInt8]) {
        let number = ScriptHandler.number(body)
        guard number > 0, number <= UInt64(log.messages.count) else {
            return report("got a message on \(id) that nobody sent")
        }
        let message = log.messages[Int(number) - 1]
        if message.channel != id { report("got a message of \(message.channel) on \(id)") }
        if let channel = log[id] {
            let other = channel.target == actor ? channel.initiator : channel.target
            if message.sender != other, channel.initiator != channel.target {
                report("got a message on \(id) from somebody else than the other side")
            }
        }
        if let last = lastMessages[id], last >= number {
            report("got message \(number) on \(id) after \(last)")
        }
        lastMessages[id] = number
    }

    private mutating func report(_ problem: String) { problems.append("\(actor) \(problem)") }
}
