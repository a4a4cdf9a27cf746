// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterPlatform

/// How an actor ends.
extension Cell {
    /// Notes the reason of the end: the first one stays, but a crash or a kill on the way to an ordered
    /// end is a crash or a kill.
    func note(_ reason: ExitReason) {
        shared.withLock { shared in
            switch (shared.requested, reason) {
            case (nil, _): shared.requested = reason
            case (.stopped?, .failed(let error)), (.completed?, .failed(let error)):
                if error.code != .killed { shared.requested = reason }
            case (.completed?, .killed): shared.requested = reason
            default: break
            }
        }
    }

    /// Stops in order: what waits is still done, within the grace period; then the actor is ended.
    func stop(grace: Duration) async -> ExitReason {
        note(.stopped)
        let action = shared.withLock { $0.mailbox.stop(drain: true) }
        if case .end(let left) = action {
            await end(left)
            return await awaitEnd()
        }
        let timer = world.start {
            guard (try? await self.world.sleep(for: grace)) != nil else { return }
            self.kill("the actor did not stop within \(grace)")
        }
        defer { timer.cancel() }
        return await awaitEnd()
    }

    /// Ends the actor at once, whatever it is doing.
    func terminate() async -> ExitReason {
        note(.killed)
        kill("the actor was terminated")
        return await awaitEnd()
    }

    /// Ends the actor at once, because of an error that its guest did not make.
    func fail(_ error: ActorError) {
        note(.failed(error))
        let action = shared.withLock { $0.mailbox.stop(drain: false) }
        control.kill(EngineError(.killed, error.message))
        if case .end(let left) = action { world.start { await self.end(left) } }
    }

    func kill(_ reason: String) {
        let action = shared.withLock { shared in
            switch shared.requested {
            case .stopped?, .completed?: shared.requested = .killed
            case nil, .failed?, .killed?: break
            }
            return shared.mailbox.stop(drain: false)
        }
        control.kill(EngineError(.killed, reason))
        switch action {
        case .end(let left): world.start { await self.end(left) }
        case .already: system?.force(self)
        case .later: break
        }
    }

    /// The actor asked for its own end: it happens when the present operation is over, or now when a
    /// handler asks while none runs.
    func requestShutdown(_ result: [UInt8]?) {
        note(.completed(result))
        let action = shared.withLock { $0.mailbox.stop(drain: false) }
        if case .end(let left) = action { world.start { await self.end(left) } }
    }

    /// Ends a cell that was never started.
    func abandon() async {
        note(.killed)
        _ = shared.withLock { $0.mailbox.stop(drain: false) }
        await handOver(shared.withLock { $0.mailbox.started() })
    }

    /// Carries out the end: gives back everything the actor held, then says so.
    func end(_ left: [Operation]) async {
        if world.has(.earlyAnnouncement) { announce(shared.withLock { $0.requested ?? .stopped }) }
        for operation in left where !world.has(.lostAnswers) {
            operation.reply(.failure(endedError))
        }
        guest = nil
        host = nil
        forgetUpgrade()
        let isForced = shared.withLock { if case .killed? = $0.requested { true } else { false } }
        await system?.ending(self, isForced: isForced)
        for handler in handlers where !type(of: handler).isStateless {
            if isForced, world.has(.unclosedHandlers) { continue }
            await close(handler)
        }
        handlers = []
        let reason = shared.withLock { $0.requested ?? .stopped }
        if system?.isFollowed(self, reason) == true { try? recorder.note(.restarting) }
        let isRecorded = recorder.exited(reason)
        if isForced, world.has(.doubleExit) { recorder.exited(reason) }
        try? await recorder.settle()
        recorder.close()
        // Without its end in the chain it comes back.
        if isRecorded, let snapshots, snapshots.flight.close() {
            await snapshots.keeper.forget(id)
        }
        shared.withLock { _ in inbox?.close() }
        system?.ended(self, reason)
        shared.withLock { shared in
            shared.mailbox.end()
            shared.exit = reason
        }
        announce(reason)
    }

    private func announce(_ reason: ExitReason) {
        let watchers = shared.withLock { shared in
            defer { shared.watchers = [] }
            return shared.watchers
        }
        for watcher in watchers { watcher.resume(returning: reason) }
    }

    /// How long a handler may take to give back what it holds: more than twice what any of ours waits for.
    private static let closeTimeout = Duration.seconds(10)

    private func close(_ handler: any Handler) async {
        let closing = GuestControl(world: world, deadlines: deadlines)
        let deadline = world.now().advanced(by: Self.closeTimeout)
        if await closing.finishes({ await handler.close() }, by: deadline) { return }
        logger.error(
            "the handler did not close in time",
            metadata: ["handler.name": "\(type(of: handler).name)"])
    }
}
