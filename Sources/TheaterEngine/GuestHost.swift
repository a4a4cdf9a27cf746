// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// A host function's answer to one call of a guest.
public enum HostAnswer {
    /// The CGRF bytes of the answer.
    case bytes([UInt8])
    /// There is no answer: the guest traps, and its call fails with this error.
    case failure(EngineError)
    /// The answer takes time: the guest is suspended meanwhile, and holds no thread. Only for imports
    /// linked as ``ImportMode/suspending``.
    case later(HostWait)
}

/// What a suspended guest waits for.
public struct HostWait {
    let begin: (HostCompletion, World) -> Task<Void, Never>?
    let then: (any Sendable) -> Result<[UInt8], EngineError>
    let ifEnded: (EngineError) -> Void

    /// Waits for an operation, which runs in a task of its own and is cancelled when the guest ends first.
    ///
    /// - Parameters:
    ///   - then: makes the answer's bytes of what the operation came back with.
    ///   - ifEnded: told why the guest ended before. Both run on the task that drives the guest.
    public init(
        operation: @escaping @Sendable () async -> any Sendable,
        then: @escaping (any Sendable) -> Result<[UInt8], EngineError>,
        ifEnded: @escaping (EngineError) -> Void
    ) {
        begin = { completion, world in
            world.start { completion.resume(returning: await operation()) }
        }
        self.then = then
        self.ifEnded = ifEnded
    }

    /// Waits for what the closure begins: perhaps a task, which is cancelled when the guest ends first.
    ///
    /// - Parameter begin: runs on the task that drives the guest and off the guest's stack; must not
    ///   block. See ``init(operation:then:ifEnded:)`` for the others.
    public init(
        begin: @escaping (HostCompletion, World) -> Task<Void, Never>?,
        then: @escaping (any Sendable) -> Result<[UInt8], EngineError>,
        ifEnded: @escaping (EngineError) -> Void
    ) {
        self.begin = begin
        self.then = then
        self.ifEnded = ifEnded
    }

    /// Waits until somebody answers: costs no task, and no suspension when the answer comes at once.
    ///
    /// - Parameter start: begins what is waited for, on the task that drives the guest and off the
    ///   guest's stack; must not block. See ``init(operation:then:ifEnded:)`` for the others.
    public init(
        start: @escaping (HostCompletion) -> Void,
        then: @escaping (any Sendable) -> Result<[UInt8], EngineError>,
        ifEnded: @escaping (EngineError) -> Void
    ) {
        begin = { completion, _ in
            start(completion)
            return nil
        }
        self.then = then
        self.ifEnded = ifEnded
    }
}

/// The side of a guest that faces the host: it answers the guest's imports.
public protocol GuestHost: AnyObject {
    /// Answers one call. Runs on the guest's stack: it must not block, and must not call the guest.
    ///
    /// - Parameters:
    ///   - index: the import's position in the module.
    ///   - input: the argument's bytes in the guest's memory, valid during the call only.
    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer

    /// Whether the host must be asked before the guest waits; asked each time, and cheap.
    var mustAskToWait: Bool { get }

    /// Called before the guest waits for an operation, when ``mustAskToWait``.
    ///
    /// - Returns: why it may not, which ends the guest; `nil` to go on.
    func willWait() async -> EngineError?

    /// Called when the guest has used up a time slice, before it goes on: the host may hold it back.
    func pause() async
}

extension GuestHost {
    /// Lets the guest wait.
    public var mustAskToWait: Bool { false }

    /// Lets the guest wait.
    public func willWait() async -> EngineError? { nil }

    /// Does not hold the guest back.
    public func pause() async {}
}

/// The four arguments of an import: where its input lies, and where to put the answer's place.
struct ImportCall {
    let input: UInt32
    let inputSize: UInt32
    let pointerSlot: UInt32
    let sizeSlot: UInt32
}
