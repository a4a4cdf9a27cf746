// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform
internal import TheaterValue

/// What a guest does in one call: the workload and the faults of a simulated actor.
struct Program: Sendable {
    /// What comes before the end.
    enum Instruction: Sendable {
        /// Another host call, answered at once.
        case again
        /// A host call that takes time, answered by a task.
        case wait(Duration)
        /// A host call that is parked and answered later.
        case park(Duration)
        /// A host call that is parked until the gate opens.
        case gate
        /// A host call that is denied, which traps the guest.
        case deny
        /// A host call that fails, which traps the guest.
        case breakDown
        /// The handler calls the actor back, and does not wait for it.
        case callBack(UInt64)
        /// The handler calls the actor back and waits, though the actor waits for the handler.
        case reenter(UInt64)
        /// The handler asks for the end of the actor.
        case shutDown
        /// The guest offers a channel to one of the actors that live then, which accepts it or not.
        case openChannel(Int, isAccepted: Bool)
        /// The guest sends on one of the channels that there are then, not always one of its own.
        case sendOnChannel(Int)
        /// The guest closes one of the channels that there are then, not always one of its own.
        case closeChannel(Int)
        /// The guest calls a granted host function with these arguments.
        case use(HostFunction, Value)
    }

    /// How it ends.
    enum Ending: Sendable {
        /// With a new state and a result.
        case answer
        /// With an error value.
        case error
        /// With a status and a text.
        case status
        /// With a trap.
        case trap
        /// Never: until the fuel is used up, the deadline has passed, or somebody ends it.
        case spin
    }

    var instructions: [Instruction] = []
    var ending = Ending.answer
}

/// A host function of the runtime's own handlers that the scripted guest imports.
enum HostFunction: Int, Sendable, CaseIterable {
    case send, request, respond, open, sendOn, close

    var interface: String { "theater:simple/message-server-host" }

    var name: String {
        switch self {
        case .send: "send"
        case .request: "request"
        case .respond: "respond-to-request"
        case .open: "open-channel"
        case .sendOn: "send-on-channel"
        case .close: "close-channel"
        }
    }

    var declaration: String {
        switch self {
        case .send: "send: func(actor-id: string, msg: list<u8>) -> result<_, string>"
        case .request: "request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>"
        case .respond:
            "respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>"
        case .open:
            "open-channel: func(actor-id: string, initial-msg: list<u8>) -> result<string, string>"
        case .sendOn:
            "send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_, string>"
        case .close: "close-channel: func(channel-id: string) -> result<_, string>"
        }
    }
}
