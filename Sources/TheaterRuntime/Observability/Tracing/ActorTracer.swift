// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPact
internal import TheaterPlatform

/// Makes the spans of one actor from what its recorder records.
///
/// There is one where somebody takes spans, and none elsewhere.
final class ActorTracer: @unchecked Sendable {
    // SAFETY: used by the actor's runner alone, as its recorder is.
    private struct Call {
        let function: String
        let context: TraceContext
        let parent: UInt64?
        var start: WallTime?
        var first: UInt64?
    }

    private struct HostCall {
        let name: String
        let context: TraceContext
        let start: WallTime
        var hasFailed = false
    }

    private let actor: ActorID
    private let name: String
    private let sink: any SpanSink
    private let world: World
    private var call: Call?
    private var hostCall: HostCall?

    init(actor: ActorID, name: String, sink: any SpanSink, world: World) {
        self.actor = actor
        self.name = name
        self.sink = sink
        self.world = world
    }

    /// A function is about to be called; its event comes next.
    func callBegins(_ function: String, causedBy cause: TraceContext?) {
        hostCall = nil
        let context =
            if let cause {
                TraceContext(traceHigh: cause.traceHigh, traceLow: cause.traceLow, span: chance())
            } else {
                TraceContext(traceHigh: chance(), traceLow: chance(), span: chance())
            }
        call = Call(function: function, context: context, parent: cause?.span)
    }

    /// The guest calls a host function.
    func hostCallBegins(_ signature: FunctionSignature) {
        guard let call else { return }
        hostCall = HostCall(
            name: signature.qualifiedName,
            context: TraceContext(
                traceHigh: call.context.traceHigh, traceLow: call.context.traceLow, span: chance()),
            start: world.wallTime())
    }

    /// Does what a handler does for the guest: what it causes belongs to the host call.
    func within<Result>(_ work: () -> Result) -> Result {
        TraceContext.$current.withValue(hostCall?.context, operation: work)
    }

    /// The same for what a handler does later.
    func bind<Result: Sendable>(
        _ work: @escaping @Sendable () async -> Result
    ) -> @Sendable () async -> Result {
        let context = hostCall?.context
        return { await TraceContext.$current.withValue(context) { await work() } }
    }

    /// The event of the call was recorded; `nil` for an actor that is not.
    func called(_ head: EventHead?) {
        call?.start = world.wallTime()
        call?.first = head?.sequence
    }

    /// What the host call asked for is not granted; the event of its answer follows.
    func denied() { hostCall?.hasFailed = true }

    /// The last event of the host call was recorded.
    func hostCallEnded(_ head: EventHead?, hasFailed: Bool = false) {
        guard let ended = hostCall, let call else { return }
        hostCall = nil
        sink.take(
            FinishedSpan(
                kind: .hostCall, context: ended.context, parent: call.context.span,
                name: ended.name, actor: actor, actorName: name, start: ended.start,
                end: max(ended.start, world.wallTime()), event: head, first: nil,
                hasFailed: hasFailed || ended.hasFailed))
    }

    /// The last event of the call was recorded.
    func ended(_ head: EventHead?, hasFailed: Bool) {
        // A host call without an event of its own was cut short with the call.
        hostCallEnded(nil, hasFailed: true)
        guard let ended = call, let start = ended.start else { return }
        call = nil
        sink.take(
            FinishedSpan(
                kind: .call, context: ended.context, parent: ended.parent, name: ended.function,
                actor: actor, actorName: name, start: start, end: max(start, world.wallTime()),
                event: head, first: ended.first, hasFailed: hasFailed))
    }

    private func chance() -> UInt64 { max(1, world.randomWord()) }
}
