// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import Logging
internal import Synchronization
internal import TheaterPlatform

/// Knows the actors that live, watches them, and adds up what all of them did.
///
/// One task looks at a bounded number of actors each time, and sleeps in between; without actors there
/// is none. It waits for no actor and no lock that an actor's call holds.
final class Observatory: Sendable {
    /// One actor that is not over for good.
    private struct Entry {
        var cell: Cell
        /// How its last life ended, while there is no other.
        var end: ExitReason?
        /// Whether another life follows an end that would be for good.
        var isKept = false
        /// What was reported of it already.
        var reported = ActorMeter.Reading()
    }

    private struct State {
        var entries: [Entry] = []
        var slots: [ActorID: Int] = [:]
        /// Where the next round begins.
        var cursor = 0
        /// The memory of the live guests, as it was seen last.
        var memory: Int64 = 0
        /// What the actors did that are over.
        var past = RuntimeTotals()
        /// The last metrics of those that ended last, oldest first.
        var ended: [ActorMetrics] = []
        var task: Task<Void, Never>?
        var isClosed = false
    }

    /// Of how many ended actors the last metrics are kept.
    static let endedMax = 256

    let instruments: Instruments
    /// Who gets spans.
    var spans: (any SpanSink)? { options.spans }
    private let options: ObservabilityOptions
    private let world: World
    private let logger: Logger
    private let state = Mutex(State())
    /// Counted where nobody may wait.
    private let eventsDropped = Atomic<UInt64>(0)
    private let noticesDropped = Atomic<UInt64>(0)

    init(_ options: ObservabilityOptions, world: World, logger: Logger) {
        self.options = options
        self.world = world
        self.logger = logger
        instruments = Instruments(options.metrics)
    }

    // MARK: Coming and going

    /// Where an actor's events go and what it is measured with, in all its lives.
    func parts(of id: ActorID) -> (EventFeed, ActorMeter) {
        if let cell = cell(id) { return (cell.recorder.feed, cell.meter) }
        return (EventFeed(world: world, onDrop: lost), ActorMeter())
    }

    /// A life begins.
    func began(_ cell: Cell) {
        let isNew = state.withLock { state -> Bool in
            state.past.livesStarted += 1
            if let slot = state.slots[cell.id] {
                state.entries[slot].cell = cell
                state.entries[slot].end = nil
                state.entries[slot].isKept = false
                return false
            }
            state.slots[cell.id] = state.entries.count
            state.entries.append(Entry(cell: cell))
            startTask(&state)
            return true
        }
        instruments.livesStarted.increment()
        if !isNew { cell.meter.restarted() }
    }

    /// A life is over.
    func ended(_ cell: Cell, _ reason: ExitReason, isForGood: Bool) {
        cell.meter.memory(0)
        let isKept = state.withLock { state -> Bool? in
            guard let slot = state.slots[cell.id], state.entries[slot].cell === cell else {
                return nil
            }
            state.past.livesEnded.add(reason)
            state.entries[slot].end = reason
            return state.entries[slot].isKept
        }
        guard let isKept else { return }
        instruments.ended(reason)
        if isForGood, !isKept { finish(cell.id) }
    }

    /// Another life will follow the present one, whose end would be for good otherwise.
    func keep(_ cell: Cell) {
        state.withLock { state in
            if let slot = state.slots[cell.id], state.entries[slot].cell === cell {
                state.entries[slot].isKept = true
            }
        }
    }

    /// The life that was to follow has begun, or does not come.
    func settle(_ id: ActorID) {
        let isOver = state.withLock { state -> Bool in
            guard let slot = state.slots[id] else { return false }
            state.entries[slot].isKept = false
            return state.entries[slot].end != nil
        }
        if isOver { finish(id) }
    }

    /// An actor is over for good.
    func finish(_ id: ActorID) {
        let now = world.now()
        guard let cell = cell(id) else { return }
        let last = cell.metrics(at: now)
        let rest = state.withLock { state -> ActorMeter.Reading? in
            guard let entry = Self.remove(id, &state) else { return nil }
            let reading = cell.meter.reading(at: now)
            state.past.add(reading, last.latency)
            state.ended.append(entry.end.map { last.ended($0) } ?? last)
            if state.ended.count > Self.endedMax * 2 {
                state.ended.removeFirst(state.ended.count - Self.endedMax)
            }
            return reading.since(entry.reported)
        }
        if let rest { report(rest) }
        cell.recorder.feed.finish()
    }

    /// The present or last cell of an actor that is not over for good.
    func cell(_ id: ActorID) -> Cell? {
        state.withLock { state in state.slots[id].map { state.entries[$0].cell } }
    }

    private static func remove(_ id: ActorID, _ state: inout State) -> Entry? {
        guard let slot = state.slots.removeValue(forKey: id) else { return nil }
        let entry = state.entries[slot]
        state.memory -= Int64(clamping: entry.reported.memory)
        let last = state.entries.removeLast()
        if slot < state.entries.count {
            state.entries[slot] = last
            state.slots[last.cell.id] = slot
        }
        return entry
    }

    /// So many events were dropped because subscribers were too slow.
    @Sendable
    func lost(_ count: Int) {
        eventsDropped.wrappingAdd(UInt64(count), ordering: .relaxed)
        instruments.eventsDropped.increment(by: count)
    }

    /// So many ends of children were not told, because their parents were too slow.
    func missed(_ count: Int) {
        noticesDropped.wrappingAdd(UInt64(count), ordering: .relaxed)
        instruments.noticesDropped.increment(by: count)
    }

    /// Ends the task. What happens later is still counted.
    func close() {
        let task = state.withLock { state -> Task<Void, Never>? in
            state.isClosed = true
            defer { state.task = nil }
            return state.task
        }
        task?.cancel()
    }

    // MARK: Knowing

    /// The last metrics of an actor that is over, if they are still kept.
    func lastMetrics(of id: ActorID) -> ActorMetrics? {
        state.withLock { $0.ended.last { $0.actor == id } }
    }

    /// What all actors did.
    func totals() -> RuntimeTotals {
        let now = world.now()
        let (past, cells) = state.withLock { ($0.past, $0.entries.map(\.cell)) }
        var totals = past
        totals.actors = cells.count
        totals.eventsDropped = eventsDropped.load(ordering: .relaxed)
        totals.noticesDropped = noticesDropped.load(ordering: .relaxed)
        for cell in cells { totals.add(cell.meter.reading(at: now), cell.meter.latency) }
        return totals
    }

    // MARK: Watching

    private func startTask(_ state: inout State) {
        guard state.task == nil, !state.isClosed, let interval = options.interval else { return }
        let pause = max(interval, .milliseconds(1))
        state.task = world.start { [weak self, world] in
            while (try? await world.sleep(for: pause)) != nil {
                guard let self, look() else { return }
            }
        }
    }

    /// Looks at the next actors.
    ///
    /// - Returns: whether there are any.
    private func look() -> Bool {
        let now = world.now()
        let cells = state.withLock { state -> [Cell] in
            guard !state.entries.isEmpty, !state.isClosed else {
                state.task = nil
                return []
            }
            let count = min(options.actorsPerRound, state.entries.count)
            let first = state.cursor < state.entries.count ? state.cursor : 0
            let end = min(first + count, state.entries.count)
            state.cursor = end
            return state.entries[first..<end].map(\.cell)
        }
        guard !cells.isEmpty else { return false }
        var rest = ActorMeter.Reading()
        for cell in cells {
            watch(cell, now)
            rest.add(advance(cell, now))
        }
        report(rest)
        let (live, memory) = state.withLock { ($0.entries.count, $0.memory) }
        instruments.actors.record(live)
        instruments.memory.record(memory)
        return true
    }

    /// What an actor did since that was reported.
    private func advance(_ cell: Cell, _ now: MonotonicTime) -> ActorMeter.Reading {
        state.withLock { state in
            guard let slot = state.slots[cell.id], state.entries[slot].cell === cell else {
                return ActorMeter.Reading()
            }
            let reading = cell.meter.reading(at: now)
            let before = state.entries[slot].reported.memory
            state.memory += Int64(clamping: reading.memory) - Int64(clamping: before)
            defer { state.entries[slot].reported = reading }
            return reading.since(state.entries[slot].reported)
        }
    }

    private func watch(_ cell: Cell, _ now: MonotonicTime) {
        guard let ages = cell.agesIfFree(at: now) else { return }
        let limit = cell.messageAgeMax
        let before = cell.meter.found
        var after = ActorMeter.Warnings()
        if let age = ages.call, age > limit { after.insert(.call) }
        if let age = ages.message, age > limit { after.insert(.message) }
        guard after != before else { return }
        cell.meter.found = after
        if after.contains(.call), !before.contains(.call), let age = ages.call {
            state.withLock { $0.past.callsFlagged += 1 }
            instruments.callsFlagged.increment()
            warn(cell, "a call runs longer than the limit", age, limit)
        }
        if after.contains(.message), !before.contains(.message), let age = ages.message {
            state.withLock { $0.past.messagesFlagged += 1 }
            instruments.messagesFlagged.increment()
            warn(cell, "a message has waited longer than the limit", age, limit)
        }
    }

    private func warn(_ cell: Cell, _ text: Logger.Message, _ age: Duration, _ limit: Duration) {
        cell.logger.warning(
            text,
            metadata: [
                "age.ms": "\(age.wholeNanoseconds / 1_000_000)",
                "limit.ms": "\(limit.wholeNanoseconds / 1_000_000)",
                "mailbox.depth": "\(cell.info.mailboxDepth)",
            ])
    }

    private func report(_ reading: ActorMeter.Reading) {
        func add(_ counter: Counter, _ amount: UInt64) {
            if amount > 0 { counter.increment(by: Int64(clamping: amount)) }
        }
        add(instruments.calls, reading.calls)
        add(instruments.errors, reading.errors)
        add(instruments.fuel, reading.fuel)
        add(instruments.hostCalls, reading.hostCalls)
    }
}

extension ActorMeter.Reading {
    /// What is in this reading and not in an earlier one.
    fileprivate func since(_ earlier: Self) -> Self {
        var difference = Self()
        difference.calls = calls &- earlier.calls
        difference.errors = errors &- earlier.errors
        difference.fuel = fuel &- earlier.fuel
        difference.hostCalls = hostCalls &- earlier.hostCalls
        return difference
    }

    fileprivate mutating func add(_ other: Self) {
        calls &+= other.calls
        errors &+= other.errors
        fuel &+= other.fuel
        hostCalls &+= other.hostCalls
    }
}
