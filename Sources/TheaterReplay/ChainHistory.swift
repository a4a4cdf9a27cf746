// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPact
internal import TheaterPlatform
public import TheaterValue

/// A chain to go back and forth in: its events, its calls, and the actor's state after each event.
///
/// The states are what the chain says; ``Replayer`` shows that the code makes them. Keeps the places of
/// calls and states in memory, about 70 bytes for each call and 16 for each state, what each code of the
/// actor exports, and of the events a few pages.
public final class ChainHistory {
    /// A call of an export.
    public struct Call: Sendable, Hashable {
        /// The event that it begins with.
        public let sequence: UInt64
        /// The last event that belongs to it.
        public internal(set) var end: UInt64
        /// The function.
        public let function: String
    }

    /// A change of the state.
    public struct Write: Sendable, Hashable {
        /// The event that has the new state: an answer, the beginning of a life, or an exchange of its code.
        public let sequence: UInt64
        /// What was there before; `nil` when there was nothing.
        public let before: Value?
        /// What is there now; `nil` when there is nothing.
        public let after: Value?
    }

    /// How many events there are.
    public let count: UInt64
    /// The calls, oldest first.
    public private(set) var calls: [Call] = []
    private let pages: EventPages
    /// Where the state was written, and by which code; `nil` when what was written is not known.
    private var writes: [(sequence: UInt64, rule: Int?)] = []
    /// One rule for each code, however many lives it had; the first is that of a chain without any.
    private var rules = [StateRule()]
    /// The page that was read last.
    private var page: [ChainEvent] = []
    private static let pageSize: UInt64 = 512

    /// Reads a chain once.
    ///
    /// - Parameter exports: the functions that the code of a life exports; `nil` when the code is not
    ///   known, and then the first argument of a call tells whether it took the state. Asked once for
    ///   each code.
    /// - Throws: what reading throws; `replay.cancelled` when the task is cancelled.
    public init(
        _ pages: EventPages, exports: (ReplayBirth) async -> [FunctionSignature]?
    ) async throws(ReplayError) {
        self.pages = pages
        count = pages.count
        var scan = Scan()
        var known: [Digest: Int] = [:]
        var next: UInt64 = 0
        while next < count {
            guard !Task.isCancelled else { throw ReplayError.cancelled }
            let events = try pages.events(next..<min(count, next + Self.pageSize))
            for event in events {
                if let birth = ReplayBirth(event) {
                    if known[birth.module] == nil {
                        known[birth.module] = rules.count
                        rules.append(StateRule(await exports(birth)))
                    }
                    scan.rule = known[birth.module] ?? 0
                }
                take(event, &scan)
            }
            next += UInt64(events.count)
            if events.isEmpty { break }
        }
    }

    // MARK: Reading

    /// An event; `nil` behind the last.
    public func event(_ sequence: UInt64) throws(ReplayError) -> ChainEvent? {
        guard sequence < count else { return nil }
        if let first = page.first?.sequence, sequence >= first,
            sequence - first < UInt64(page.count)
        {
            return page[Int(sequence - first)]
        }
        let start = sequence - sequence % Self.pageSize
        page = try pages.events(start..<min(count, start + Self.pageSize))
        let index = Int(sequence - start)
        return page.indices.contains(index) ? page[index] : nil
    }

    /// The call that an event belongs to; `nil` for events between calls.
    public func call(at sequence: UInt64) -> Call? {
        let index = calls.boundary { $0.sequence > sequence } - 1
        guard calls.indices.contains(index), calls[index].end >= sequence else { return nil }
        return calls[index]
    }

    /// The first call behind an event.
    public func call(after sequence: UInt64) -> Call? {
        let index = calls.boundary { $0.sequence > sequence }
        return calls.indices.contains(index) ? calls[index] : nil
    }

    /// The last call that began before an event.
    public func call(before sequence: UInt64) -> Call? {
        let index = calls.boundary { $0.sequence >= sequence } - 1
        return calls.indices.contains(index) ? calls[index] : nil
    }

    /// The actor's state after an event; `nil` when it is not known, because a payload was dropped.
    public func state(after sequence: UInt64) throws(ReplayError) -> Value? {
        let index = writes.boundary { $0.sequence > sequence } - 1
        return writes.indices.contains(index) ? try state(at: index) : nil
    }

    /// The last change of a place in the state, at an event or before it.
    ///
    /// Reads the writes backwards until one differs. `nil` when nothing was ever there.
    ///
    /// - Throws: `replay.payload-dropped` when a state that has to be compared is not kept any more.
    public func lastWrite(
        of path: ValuePath, upTo sequence: UInt64
    ) throws(ReplayError) -> Write? {
        var index = writes.boundary { $0.sequence > sequence } - 1
        guard writes.indices.contains(index) else { return nil }
        var after = path.find(in: try knownState(at: index))
        while index > 0 {
            let before = path.find(in: try knownState(at: index - 1))
            if before != after {
                return Write(sequence: writes[index].sequence, before: before, after: after)
            }
            after = before
            index -= 1
        }
        return after == nil
            ? nil : Write(sequence: writes[index].sequence, before: nil, after: after)
    }

    private func knownState(at index: Int) throws(ReplayError) -> Value {
        if let state = try state(at: index) { return state }
        throw ReplayError(
            .payloadDropped,
            "the state that event \(writes[index].sequence) left is not kept any more, so what changed it "
                + "behind that cannot be told; look in a backup that was made before")
    }

    /// A state; `nil` when it is not known.
    private func state(at index: Int) throws(ReplayError) -> Value? {
        let write = writes[index]
        guard let rule = write.rule, let event = try event(write.sequence),
            let payload = try? event.decodedPayload()
        else { return nil }
        switch payload {
        case .spawned(_, _, _, _, _, let state): return try? CGRF.decode(state)
        case .forked(let fork): return try? CGRF.decode(fork.state)
        case .upgrade(let step): return try? CGRF.decode(step.state)
        case .returned(let function, let output, _, _):
            return rules[rule].state(after: function, output)
        default: return nil
        }
    }

    // MARK: The one pass

    /// What is known while the chain is read.
    private struct Scan {
        var state: Value?
        /// The rule of the present code.
        var rule = 0
        var isInCall = false
        /// Whether the present call was given the state; `nil` when that is not known.
        var takesState: Bool? = false
        var names: [String: String] = [:]
    }

    private func take(_ event: ChainEvent, _ scan: inout Scan) {
        if scan.isInCall { calls[calls.count - 1].end = event.sequence }
        guard let payload = try? event.decodedPayload() else {
            takeDropped(event, &scan)
            return
        }
        switch payload {
        case .spawned(_, _, _, _, _, let state):
            close(before: event, &scan)
            note(event.sequence, try? CGRF.decode(state), &scan)
        case .forked(let fork):
            close(before: event, &scan)
            note(event.sequence, try? CGRF.decode(fork.state), &scan)
        case .called(let function, let parameters, _, _):
            close(before: event, &scan)
            let name = scan.names[function] ?? function
            scan.names[name] = name
            calls.append(Call(sequence: event.sequence, end: event.sequence, function: name))
            scan.isInCall = true
            scan.takesState = rules[scan.rule].takesState(
                function, parameters, state: scan.state)
        case .returned(let function, let output, _, _):
            scan.isInCall = false
            guard let takesState = scan.takesState else {
                note(event.sequence, nil, &scan)
                return
            }
            guard takesState, let state = rules[scan.rule].state(after: function, output) else {
                return
            }
            if state != scan.state { note(event.sequence, state, &scan) }
        case .failed: scan.isInCall = false
        case .exited: close(before: event, &scan)
        case .upgrade(let step):
            close(before: event, &scan)
            guard !step.state.isEmpty, step.stage != .begun else { return }
            note(event.sequence, try? CGRF.decode(step.state), &scan)
        case .hostCall, .hostError, .denied, .limit, .intent, .outcome, .outcomeError, .settled,
            .note:
            break
        }
    }

    /// Takes an event whose payload was dropped: it may leave a state that nobody knows.
    private func takeDropped(_ event: ChainEvent, _ scan: inout Scan) {
        switch event.type {
        case EventType.spawned.name, EventType.forked.name:
            close(before: event, &scan)
            scan.rule = 0
            note(event.sequence, nil, &scan)
        case EventType.called.name:
            close(before: event, &scan)
            scan.takesState = nil
        case EventType.returned.name:
            if scan.takesState ?? true { note(event.sequence, nil, &scan) }
            scan.isInCall = false
        default: break
        }
    }

    private func close(before event: ChainEvent, _ scan: inout Scan) {
        if scan.isInCall, event.sequence > 0 { calls[calls.count - 1].end = event.sequence - 1 }
        scan.isInCall = false
    }

    private func note(_ sequence: UInt64, _ state: Value?, _ scan: inout Scan) {
        writes.append((sequence, state == nil ? nil : scan.rule))
        scan.state = state
    }
}

extension Array {
    /// The first index whose item fulfils a condition that all later ones fulfil; the count when none
    /// does.
    fileprivate func boundary(where isBehind: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
