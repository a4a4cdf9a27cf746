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
        /// The representation.
        let value: JSONValue
        /// Whether nothing will change any more.
        var isLast = false
    }

    /// How long it is not looked at again.
    private static let pause = Duration.seconds(1)
    /// How much longer than a look the pause after it is at least: many actors take long to look at.
    private static let share: Int64 = 9

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
            let began = world.now()
            guard let seen = look() else { break }
            let text = seen.value.description
            let spent = world.now().nanoseconds - began.nanoseconds
            if text.hashValue != sent {
                sent = text.hashValue
                guard await put(ServerSentEvent("value", data: text)) else { break }
            }
            // Seen once, it may be the moment between two lives.
            if seen.isLast, wasLast { break }
            wasLast = seen.isLast
            guard await rest(max(Self.pause, .nanoseconds(spent * Self.share))) else { break }
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

/// Answers with streams of representations.
struct ValueStreams: Sendable {
    let options: ServerOptions
    let life: ServerLife
    let world: World

    /// The response that shows something for as long as the client wants.
    ///
    /// - Parameter look: makes the representation; `nil` when there is nothing to look at any more.
    func response(
        to call: Call, _ look: @escaping @Sendable () -> ValueStream.Look?
    ) throws(Problem) -> Response {
        guard !life.isDraining else { throw Problem(.unready, "the node is ending") }
        guard life.valueStreamCount < options.valueStreamsMax else {
            throw Problem(
                .busy,
                "\(options.valueStreamsMax) streams show values, which is the most; close some")
        }
        let values = ValueStream(world: world, look)
        let stream = LiveStream(
            caller: call.caller, facts: nil, first: ServerSentEvent("start", data: [:]),
            options: options, life: life, world: world,
            // One value waits at the most.
            pipe: StreamPipe(sizeMax: 1), make: { put in await values.make(put) },
            cancel: { values.cancel() })
        return stream.response(to: call.request)
    }
}
