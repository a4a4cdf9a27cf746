// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// How a durable actor comes back.
extension Cell {
    /// The optional callback that tells an actor that it was brought back.
    static let resumedCallback = "theater:simple/durable-client.handle-resumed"

    /// Makes the guest, and brings it to where the chain ends.
    func bring(
        _ point: ResumePoint, _ engine: Engine, _ host: CellHost
    ) async throws(ActorError) {
        let brought = try await point.bring(
            engine, template.linked, control, host, manifest.limits,
            exports: template.exports.compactMapValues(\.signature), system?.keptCode)
        (guest, fuelBurnt, record) = (brought.guest, brought.fuelUsed, brought.record)
        (host.hasBegun, host.hasSecret) = (true, brought.isRedacted)
        meter.memory(guest?.memorySize ?? 0)
        let last = brought.lastAnswer.flatMap { answer -> Value? in
            guard let value = try? CGRF.decode(answer.output),
                case .ok(let state, _) = CallShape.apart(
                    value, declared: template.exports[answer.function]?.signature)
            else { return nil }
            return state
        }
        guard
            let last = last ?? (try? CGRF.decode(brought.baseState))
                ?? point.snapshot.flatMap({ try? CGRF.decode($0.state) })
        else { return }
        state = last
        shared.withLock { $0.state = last }
    }

    /// Brings the guest back, and notes that it is. The actor runs nothing before ``goOn()``.
    func resume(
        _ point: ResumePoint, engine: Engine, reader: JournalReader
    ) async throws(ActorError) {
        try await makeGuest(engine, nil, resume: point)
        do throws(JournalError) {
            if let call = point.call {
                host?.script = CallScript(
                    id, try reader.events(of: id, in: (call.sequence + 1)..<point.count))
            }
        } catch {
            throw ActorError(.resume, "the chain of '\(name)' cannot be read: \(error)")
        }
        try undoUpgrade(point)
        try recorder.note(
            .resumed(interrupted: point.call?.sequence, snapshot: point.snapshot?.life.sequence))
        schedule(point)
        if record.isRegistered || point.isRegistered {
            system?.exchange.endpoint(of: id)?.register()
        }
        try refill(point, reader)
    }

    /// An exchange of the code that the crash cut off never was.
    private func undoUpgrade(_ point: ResumePoint) throws(ActorError) {
        guard let (_, step, function) = point.cutUpgrade else { return }
        let error = ActorError(.killed, "the node ended while the code was exchanged")
        if let function { recorder.failed(function, error) }
        try recorder.upgrade(
            CodeUpgrade(
                .undone, from: step.from, to: step.to, manifest: step.manifest,
                reason: error.message))
    }

    /// Goes on taking snapshots.
    private func schedule(_ point: ResumePoint) {
        let every = manifest.chain.snapshotEvery
        guard every > 0, point.startsQuietly, !blueprint.isDryRun, let keeper = system?.snapshots
        else { return }
        snapshots = SnapshotSchedule(
            keeper: keeper, every: UInt64(every),
            last: point.snapshot?.life.sequence ?? point.birth.sequence,
            birth: point.birth.sequence, bornAt: point.bornAt, firstState: point.firstState,
            parent: point.parent,
            flight: SnapshotSchedule.Flight(isUsed: point.snapshot != nil))
    }

    /// Puts into the mailbox what the crash left undone: the call that it cut off, and the mail.
    private func refill(
        _ point: ResumePoint, _ reader: JournalReader
    ) throws(ActorError) {
        let waiting = try waitingMail(point, reader)
        if let call = point.call {
            try repeatCall(call, mail: record.takenMail)
        } else if !point.hasCalls, let function = template.exports["theater:simple/actor.init"] {
            queue(function, takesState: true, timeout: manifest.limits.initTimeout)
        }
        if let function = template.exports[Self.resumedCallback],
            let takesState = function.takesState(before: 0)
        {
            queue(function, takesState: takesState, timeout: manifest.limits.callTimeout)
        }
        guard let exchange = system?.exchange else { return }
        for (number, mail) in waiting {
            guard let message = mail.message else { continue }
            do throws(MessageError) {
                guard let endpoint = exchange.endpoint(of: id) else {
                    throw MessageError(.notRegistered, "'\(name)' takes no messages")
                }
                try endpoint.deliver(message, exceedsCapacity: true, item: .kept(number))
            } catch {
                shared.withLock { _ in inbox?.drop(number, error.code.rawValue) }
                exchange.bury(message, to: .actor(id), error.code)
            }
        }
    }

    /// The accepted mail that no call has begun to handle, in the order in which it came.
    private func waitingMail(
        _ point: ResumePoint, _ reader: JournalReader
    ) throws(ActorError) -> [(UInt64, Mail)] {
        let handled =
            point.call == nil ? record.handledMail : record.takenMail ?? record.handledMail
        let first = max(
            record.placement?.firstMail ?? 0, handled.map { $0 == .max ? $0 : $0 + 1 } ?? 0)
        var mail: [(UInt64, Mail)] = []
        var dropped: Set<UInt64> = []
        do {
            let end = reader.summary(of: id.inbox)?.count ?? 0
            guard first < end else { return [] }
            var cursor = try reader.events(of: id.inbox, in: first..<end)
            while let event = try cursor.next() {
                switch try event.decodedPayload() {
                case .note(.mail(let kept))?: mail.append((event.sequence, kept))
                case .note(.dropped(let number, _))?: dropped.insert(number)
                case nil:
                    throw ActorError(
                        .resume,
                        "mail \(event.sequence) of '\(name)' was not handled, and its payload was "
                            + "dropped from the journal")
                default: break
                }
            }
        } catch let error as ActorError {
            throw error
        } catch {
            throw ActorError(.resume, "the inbox of '\(name)' cannot be read: \(error)")
        }
        return mail.filter { !dropped.contains($0.0) }
    }

    /// Queues the call that the crash cut off.
    private func repeatCall(_ call: ResumePoint.Call, mail: UInt64?) throws(ActorError) {
        guard let function = template.exports[call.function] else {
            throw ActorError(
                .resume, "'\(name)' has no function '\(call.function)', which its chain calls")
        }
        let now = world.now()
        let limits = manifest.limits
        let timeout =
            call.function == "theater:simple/actor.init" ? limits.initTimeout : limits.callTimeout
        let operation = Operation(
            function: function, arguments: [],
            takesState: StateUse.takesState(function, call.parameters, state: state),
            isCallback: call.function.hasPrefix("theater:simple/"), fuel: call.fuel,
            deadline: now.advanced(by: timeout), timeout: timeout, submitted: now, mail: mail,
            cutOff: call,
            reply: .closure { [logger, weak self] result in
                if let self { system?.exchange.endpoint(of: id)?.remember(sent: []) }
                guard case .failure(let error) = result else { return }
                logger.warning("the call that the crash had cut off failed: \(error.message)")
            })
        submit(operation)
    }

    private func queue(_ function: ExportBinding, takesState: Bool, timeout: Duration) {
        let now = world.now()
        submit(
            Operation(
                function: function, arguments: [], takesState: takesState, isCallback: true,
                fuel: manifest.limits.fuelPerCall,
                deadline: MonotonicTime(nanoseconds: .max), timeout: timeout, submitted: now,
                reply: .none))
    }

    private func submit(_ operation: Operation) {
        _ = shared.withLock { $0.mailbox.submit(exceedingCapacity: true) { _ in operation } }
    }

    /// Begins with what waits.
    func goOn() {
        let action = shared.withLock { $0.mailbox.started() }
        world.start { await self.handOver(action) }
    }

    /// Gives up bringing the actor back; its chain stays as it is.
    func abandonResume() async {
        recorder.close()
        // They are of use to whoever tries again.
        snapshots = nil
        await abandon()
    }
}

/// Tells from a recorded call whether it was given the actor's state.
enum StateUse {
    static func takesState(
        _ function: ExportBinding, _ parameters: [UInt8], state: Value
    ) -> Bool {
        if function.name == "theater:simple/actor.init" { return true }
        guard let signature = function.signature, !signature.parameters.isEmpty else {
            return false
        }
        if signature.parameters.first?.name == "state" { return true }
        guard signature.parameters(forArguments: signature.parameters.count - 1) != nil,
            case .tuple(let items)? = try? CGRF.decode(parameters)
        else { return false }
        return items.first == state
    }
}
