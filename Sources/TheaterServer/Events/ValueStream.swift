// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import Synchronization
internal import TheaterAPI
internal import TheaterPlatform

/// The JSON representation of something as messages of a stream: at once, and again whenever it has changed.
///
/// - `start`: the first message, without facts.
/// - `value`: the representation, whole.
///
/// It is looked at while somebody takes what was seen: a slow client costs nothing, and gets what is true when it
/// reads again instead of what it missed.
final class ValueStream: Sendable {
    /// What was seen.
    struct Look: Sendable {
        /// The representation as text.
        let text: String
        /// Differs for another text.
        fileprivate let hash: Int
        /// Whether nothing will change any more.
        let isLast: Bool
        /// How long it took.
        fileprivate(set) var time = Duration.zero

        init(value: JSONValue, isLast: Bool = false) {
            text = value.description
            hash = text.hashValue
            self.isLast = isLast
        }
    }

    /// How long it is not looked at again.
    fileprivate static let pause = Duration.seconds(1)
    /// How much longer than a look the pause after it is at least: many actors take long to look at.
    fileprivate static let share = 9

    private struct State {
        var isOver = false
        var wait: Task<Void, Never>?
    }

    private let look: @Sendable () -> Look?
    private let world: World
    private let state = Mutex(State())

    /// - Parameter look: makes the representation; `nil` when there is nothing to look at any more.
    init(world: World, _ look: @escaping @Sendable () -> Look?) {
        self.world = world
        self.look = look
    }

    /// Makes the messages until nothing will change any more, the stream is cancelled, or nobody reads.
    func make(_ put: @Sendable (ServerSentEvent) async -> Bool) async -> String {
        // The text of many actors is not kept for each client.
        var sent: Int?
        var wasLast = false
        while true {
            guard let seen = look() else { break }
            if seen.hash != sent {
                sent = seen.hash
                guard await put(ServerSentEvent("value", data: seen.text)) else { break }
            }
            // Seen once, it may be the moment between two lives.
            if seen.isLast, wasLast { break }
            wasLast = seen.isLast
            guard await rest(max(Self.pause, seen.time * Self.share)) else { break }
        }
        return "finished"
    }

    /// Makes ``make(_:)`` return soon.
    func cancel() {
        let wait = state.withLock { state in
            state.isOver = true
            return state.wait
        }
        wait?.cancel()
    }

    /// Waits.
    ///
    /// - Returns: whether it goes on after that.
    private func rest(_ time: Duration) async -> Bool {
        let wait = world.start { [world] in _ = try? await world.sleep(for: time) }
        let isOver = state.withLock { state in
            state.wait = wait
            return state.isOver
        }
        if isOver { wait.cancel() }
        await withTaskCancellationHandler {
            await wait.value
        } onCancel: {
            wait.cancel()
        }
        return !Task.isCancelled && !state.withLock { $0.isOver }
    }
}

/// What was seen last of each thing, for all who watch it: how many they are costs no looks.
private final class SharedLooks: Sendable {
    private struct Entry {
        var look: ValueStream.Look
        var end: MonotonicTime
        /// Whether somebody looks again; the others take what was seen before.
        var isBeingMade = false
    }

    private let world: World
    private let entries = Mutex<[String: Entry]>([:])

    init(world: World) { self.world = world }

    /// What was seen by somebody for half the time that is between two looks, or is seen now.
    func look(
        at thing: String, _ make: () -> ValueStream.Look?
    ) -> ValueStream.Look? {
        let began = world.now()
        let known = entries.withLock { entries -> ValueStream.Look? in
            guard let entry = entries[thing] else { return nil }
            if began < entry.end || entry.isBeingMade { return entry.look }
            entries[thing]?.isBeingMade = true
            return nil
        }
        if let known { return known }
        guard var look = make() else {
            entries.withLock { $0[thing] = nil }
            return nil
        }
        let now = world.now()
        look.time = .nanoseconds(now.nanoseconds - began.nanoseconds)
        let age = max(ValueStream.pause, look.time * ValueStream.share) / 2
        let entry = Entry(look: look, end: now.advanced(by: age))
        entries.withLock { entries in
            entries = entries.filter { now < $0.value.end || $0.value.isBeingMade }
            entries[thing] = entry
        }
        return look
    }
}

/// Answers with streams of representations.
struct ValueStreams: Sendable {
    private let options: ServerOptions
    private let life: ServerLife
    private let world: World
    private let looks: SharedLooks

    init(options: ServerOptions, life: ServerLife, world: World) {
        self.options = options
        self.life = life
        self.world = world
        looks = SharedLooks(world: world)
    }

    /// The response that shows something for as long as the client wants.
    ///
    /// - Parameters:
    ///   - thing: names what is shown, for all who ask for the same.
    ///   - look: makes the representation; `nil` when there is nothing to look at any more.
    func response(
        to call: Call, showing thing: String, _ look: @escaping @Sendable () -> ValueStream.Look?
    ) throws(Problem) -> Response {
        guard !life.isDraining else { throw Problem(.unready, "the node is ending") }
        guard life.valueStreamCount < options.valueStreamsMax else {
            throw Problem(
                .busy,
                "\(options.valueStreamsMax) streams show values, which is the most; close some")
        }
        let values = ValueStream(world: world) { [looks] in looks.look(at: thing, look) }
        let stream = LiveStream(
            caller: call.caller, facts: nil, first: ServerSentEvent("start", data: [:]),
            options: options, life: life, world: world,
            // One value waits at the most.
            pipe: StreamPipe(sizeMax: 1), make: { put in await values.make(put) },
            cancel: { values.cancel() })
        return stream.response(to: call.request)
    }
}
