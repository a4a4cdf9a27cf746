// SPDX-License-Identifier: Apache-2.0

/// What a host operation that had to wait comes back with.
public typealias HostResult = Result<[UInt8], EngineError>

/// A host function's answer to one call of a guest.
public enum HostAnswer: Sendable {
    /// The CGRF bytes of the answer.
    case bytes([UInt8])
    /// There is no answer: the guest traps, and its call fails with this error.
    case failure(EngineError)
    /// The answer takes time: the guest is suspended meanwhile, and holds no thread.
    ///
    /// Only for imports linked as ``ImportMode/suspending``.
    case later(@Sendable () async -> HostResult)
}

/// The side of a guest that faces the host: it answers the guest's imports.
public protocol GuestHost: AnyObject {
    /// Answers one call. Runs on the guest's stack: it must not block, and must not call the guest.
    ///
    /// - Parameters:
    ///   - index: the import's position in the module.
    ///   - input: the argument's bytes in the guest's memory, valid during the call only.
    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer
}

/// The four arguments of an import: where its input lies, and where to put the answer's place.
struct ImportCall {
    let input: UInt32
    let inputSize: UInt32
    let pointerSlot: UInt32
    let sizeSlot: UInt32
}
