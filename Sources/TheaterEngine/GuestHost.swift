// SPDX-License-Identifier: Apache-2.0

/// A host function's answer to one call of a guest.
public enum HostAnswer {
    /// The CGRF bytes of the answer.
    case bytes([UInt8])
    /// There is no answer: the guest traps, and its call fails with this error.
    case failure(EngineError)
    /// The answer takes time: the guest is suspended meanwhile, and holds no thread.
    ///
    /// The operation runs in a task of its own and is cancelled when the guest ends first. What it
    /// came back with goes to `then`, which makes the answer's bytes; `ifEnded` is told why the guest
    /// ended before. Both run on the task that drives the guest. Only for imports linked as
    /// ``ImportMode/suspending``.
    case later(
        @Sendable () async -> any Sendable,
        then: (any Sendable) -> Result<[UInt8], EngineError>,
        ifEnded: (EngineError) -> Void)
}

/// The side of a guest that faces the host: it answers the guest's imports.
public protocol GuestHost: AnyObject {
    /// Answers one call. Runs on the guest's stack: it must not block, and must not call the guest.
    ///
    /// - Parameters:
    ///   - index: the import's position in the module.
    ///   - input: the argument's bytes in the guest's memory, valid during the call only.
    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer

    /// Called before the guest waits for an operation.
    ///
    /// - Returns: why it may not, which ends the guest; `nil` to go on.
    func willWait() async -> EngineError?

    /// Called when the guest has used up a time slice, before it goes on: the host may hold it back.
    func pause() async
}

extension GuestHost {
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
