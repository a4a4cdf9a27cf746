// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// What a journal, its chains and its writer thread share. The writer thread keeps it alive until
/// the journal is closed or let go.
final class JournalCore: Sendable {
    let options: JournalOptions
    private let state: Mutex<JournalState>
    private let pressure = Atomic<Bool>(false)
    private let signal = ThreadSignal()
    let waypoints = Waypoints()

    init(options: JournalOptions, heads: HeadTable, end: Position?) {
        self.options = options
        state = Mutex(JournalState(options: options, heads: heads, end: end))
    }

    var isUnderPressure: Bool { pressure.load(ordering: .relaxed) }
    var failure: JournalError? { state.withLock { $0.failure } }
    var heads: HeadTable { state.withLock { $0.heads } }
    func entry(of actor: ActorID) -> HeadEntry? { state.withLock { $0.heads.entry(of: actor) } }
    var log: MemoryLog { state.withLock { $0.memory } }
    /// How many bytes wait to be taken by the writer.
    var pendingSize: Int { state.withLock { $0.pendingSize } }
    var end: UInt64 { state.withLock { $0.end } }

    /// The memory chains as they are now.
    func memory() -> (heads: HeadTable, log: MemoryLog) { state.withLock { ($0.heads, $0.memory) } }

    func append(
        _ head: UnsafeRawBufferPointer, _ parts: PayloadParts, slot: Int, hash: Digest, time: Int64
    ) throws(JournalError) -> JournalState.Appended {
        let result = try state.withLock { (state) throws(JournalError) in
            try state.append(head, parts, slot: slot, hash: hash, time: time)
        }
        if result.wakesWriter { signal.raise() }
        if result.isUnderPressure { pressure.store(true, ordering: .relaxed) }
        return result
    }

    func begin(_ entry: HeadEntry, record: [UInt8]) throws(JournalError) -> Int {
        let (slot, wakes) = try state.withLock { (state) throws(JournalError) in
            try record.withBytes { (bytes) throws(JournalError) in
                try state.begin(entry, record: bytes)
            }
        }
        if wakes { signal.raise() }
        return slot
    }

    func resume(_ actor: ActorID) throws(JournalError) -> (slot: Int, entry: HeadEntry) {
        try state.withLock { (state) throws(JournalError) in try state.resume(actor) }
    }

    func release(slot: Int) { state.withLock { $0.release(slot: slot) } }

    /// Returns once everything up to a total is durable.
    func sync(upTo target: UInt64) async throws(JournalError) {
        if let result = state.withLock({ $0.isDurable(target) }) { return try result.get() }
        try await wait { state, waiter in state.sync(waiter, target: target) }
    }

    /// Returns once everything up to a total is durable, without hurrying the disk.
    func settle(upTo target: UInt64) async throws(JournalError) {
        if let result = state.withLock({ $0.isDurable(target) }) { return try result.get() }
        try await wait { state, waiter in state.settle(waiter, target: target) }
    }

    /// Returns once there is no pressure, or the journal has failed.
    func waitForSpace() async {
        guard isUnderPressure else { return }
        try? await wait { state, waiter in state.waitForSpace(waiter) }
    }

    func close() async throws(JournalError) {
        try await wait { state, waiter in state.close(waiter) }
    }

    /// Begins to close without waiting for it.
    func beginClose() {
        if case .wake = state.withLock({ $0.close(nil) }) { signal.raise() }
    }

    private func wait(
        _ decide: @Sendable (inout JournalState, JournalState.Waiter) -> JournalState.WaitAction
    ) async throws(JournalError) {
        let result = await withUnsafeContinuation { waiter in
            switch state.withLock({ decide(&$0, waiter) }) {
            case .resume(let result): waiter.resume(returning: result)
            case .wait: break
            case .wake: signal.raise()
            }
        }
        try result.get()
    }

    /// Half of what the last write took is how long the next one waits for those who will want it, too; in
    /// these bounds, in nanoseconds.
    private static let gatherTimes = 50_000...2_000_000 as ClosedRange<Int64>

    /// The life of the writer thread.
    func run(_ files: SegmentWriter) {
        var (expired, gathered) = (false, false)
        var gatherTime = Self.gatherTimes.lowerBound
        while true {
            switch state.withLock({ $0.nextStep(expired: expired, gathered: gathered) }) {
            case .sleep:
                signal.wait()
                expired = false
            case .doze:
                expired = !signal.wait(until: .now().advanced(by: options.asyncDelay))
            case .gather:
                _ = signal.wait(until: .now().advanced(by: .nanoseconds(gatherTime)))
                gathered = true
            case .write(let batch):
                pressure.store(false, ordering: .relaxed)
                let start = MonotonicTime.now().nanoseconds
                let problem = files.write(batch)
                let spent = MonotonicTime.now().nanoseconds - start
                gatherTime = min(
                    max(spent / 2, Self.gatherTimes.lowerBound), Self.gatherTimes.upperBound)
                tell { $0.complete(batch, problem) }
                (expired, gathered) = (false, false)
            case .finish(let heads):
                let problem = files.finish(heads)
                tell { $0.finished(problem) }
                return
            }
        }
    }

    private func tell(
        _ change:
            @Sendable (inout JournalState) -> [(
                JournalState.Waiter, Result<Void, JournalError>
            )]
    ) {
        let (told, isUnderPressure) = state.withLock { state in
            (change(&state), state.isUnderPressure)
        }
        pressure.store(isUnderPressure, ordering: .relaxed)
        for (waiter, result) in told { waiter.resume(returning: result) }
    }
}
