// SPDX-License-Identifier: Apache-2.0

public import Logging
internal import Synchronization
public import TheaterPlatform
public import TheaterValue

/// What a handler knows of its actor, and how it reaches the runtime.
public struct HandlerContext: Sendable {
    /// The actor's identity.
    public let actorID: ActorID
    /// The actor's name.
    public let actorName: String
    /// A logger that carries the actor's identity. Made when it is first wanted.
    public var logger: Logger { lazyLogger.logger }
    private let lazyLogger: LazyLogger
    /// The actor's own cell.
    public let cell: any CellPort
    /// What the node offers to handlers beside the cell.
    public let services: HandlerServices
    /// The outside: clocks, chance, tasks.
    public let world: World

    /// Makes a context.
    public init(
        actorID: ActorID, actorName: String,
        logger: @autoclosure @escaping @Sendable () -> Logger, cell: any CellPort,
        services: HandlerServices = HandlerServices(), world: World = .system
    ) {
        self.actorID = actorID
        self.actorName = actorName
        lazyLogger = LazyLogger(logger)
        self.cell = cell
        self.services = services
        self.world = world
    }
}

/// A logger that is made when it is first wanted: its metadata costs more than an idle actor's handlers.
private final class LazyLogger: Sendable {
    private let made = Mutex<Logger?>(nil)
    private let make: @Sendable () -> Logger

    init(_ make: @escaping @Sendable () -> Logger) { self.make = make }

    var logger: Logger {
        made.withLock { made in
            let logger = made ?? make()
            made = logger
            return logger
        }
    }
}

/// What a node offers to its handlers: ports and shared services, known by their types.
public struct HandlerServices: Sendable {
    private var services: [ObjectIdentifier: any Sendable] = [:]

    /// Makes an empty offer.
    public init() {}

    /// Adds a service under its type, such as `(any MessagePort).self`; a second one replaces the first.
    public mutating func provide<Service: Sendable>(
        _ service: Service, as type: Service.Type = Service.self
    ) {
        services[ObjectIdentifier(type)] = service
    }

    /// The service of a type; `nil` when the node has none.
    public func service<Service: Sendable>(_ type: Service.Type) -> Service? {
        services[ObjectIdentifier(type)] as? Service
    }
}

/// What a handler may ask of the cell of its own actor.
public protocol CellPort: Sendable {
    /// Asks that the actor ends in order after its present call, with a result for its parent.
    ///
    /// Repeated requests change nothing: the first one stays.
    func requestShutdown(result: [UInt8]?)

    /// The newest events of the actor's own chain, oldest first.
    ///
    /// - Parameter countMax: how many at the most.
    func recentEvents(_ countMax: Int) -> [RecentEvent]

    /// Whether the actor exports a function, such as `theater:simple/timer.handle-tick`.
    func exports(_ function: String) -> Bool

    /// Calls back: calls an export of the handler's own actor, with its state, in its turn.
    ///
    /// This is how a handler's asynchronous input enters the chain: as the call that it causes. An
    /// error from the callback ends the actor when its manifest says `on_error = "fail"`, which is the
    /// default; the handler is told in any case. Cancelling the caller withdraws a call that has not begun.
    ///
    /// - Parameter arguments: in the declared order, without the state.
    /// - Returns: what the function answered beside the new state; unit for nothing.
    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError>

    /// The same, which waits for its turn also when the actor's mailbox is full: for what must not be
    /// lost. A handler must have but few of these under way, as nothing else bounds them.
    func callEvenWhenFull(
        _ function: String, _ arguments: [Value]
    ) async -> Result<Value, CallbackError>
}

extension CellPort {
    /// For a cell whose mailbox is never full.
    public func callEvenWhenFull(
        _ function: String, _ arguments: [Value]
    ) async -> Result<Value, CallbackError> { await call(function, arguments) }
}

/// Why a callback gave no answer.
public struct CallbackError: Error, Sendable, Hashable {
    /// What went wrong.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The actor has no such function. It is unharmed.
        case absent = "callback.absent"
        /// The actor's mailbox is full. Nothing was called.
        case mailboxFull = "callback.mailbox-full"
        /// The call did not begin within the actor's `call_timeout`. Nothing was called.
        case late = "callback.late"
        /// The actor is stopping or over. Nothing was called.
        case ended = "callback.ended"
        /// The function answered with an error, or does not take these arguments.
        case failed = "callback.failed"
        /// The call ended the actor.
        case crashed = "callback.crashed"
    }

    /// What went wrong.
    public let code: Code
    /// The fact, for people.
    public let message: String
    /// The error value, when the function answered with one.
    public let value: Value?

    /// Makes an error.
    public init(_ code: Code, _ message: String, value: Value? = nil) {
        self.code = code
        self.message = message
        self.value = value
    }
}

/// An event of the actor's own chain, or of a child's, as the actor may see it.
public struct RecentEvent: Sendable, Hashable {
    /// How much of a payload is kept, in bytes.
    public static let payloadSizeMax = 1024

    /// The event's position in the chain, counted from zero.
    public let sequence: UInt64
    /// The event's hash, 32 bytes.
    public let hash: [UInt8]
    /// The hash of the event before it, 32 bytes.
    public let parent: [UInt8]
    /// The event's type.
    public let type: String
    /// When it was recorded.
    public let time: WallTime
    /// The first ``payloadSizeMax`` bytes of what it says.
    public let payload: [UInt8]
    /// How many bytes that are in all.
    public let payloadSize: Int

    /// Makes an event.
    ///
    /// - Parameter payload: all of it.
    public init(
        sequence: UInt64, hash: [UInt8], parent: [UInt8], type: String, time: WallTime,
        payload: [UInt8]
    ) {
        self.payload =
            payload.count > Self.payloadSizeMax
            ? Array(payload.prefix(Self.payloadSizeMax)) : payload
        payloadSize = payload.count
        self.sequence = sequence
        self.hash = hash
        self.parent = parent
        self.type = type
        self.time = time
    }
}
