// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterValue

/// How a cell exchanges its code between two calls, and takes the old one back.
extension Cell {
    private static let migrate = "theater:simple/actor.migrate"

    /// Exchanges the code.
    ///
    /// What does not fit is found before anything happens. From then on every step is in the chain.
    ///
    /// - Returns: whether the new code migrated the state, and whether it is on trial.
    func exchange(
        for blueprint: Blueprint, _ request: UpgradeRequest, engine: Engine
    ) async throws(ActorError) -> (hasMigrated: Bool, isOnTrial: Bool) {
        let deadline = world.now().advanced(by: request.wait)
        return try await withTurn(by: deadline) {
            do throws(ActorError) {
                return (.success(try await swap(blueprint, request, engine)), nil)
            } catch {
                return (.failure(error), error.code == .journal ? error : nil)
            }
        }
    }

    private func swap(
        _ blueprint: Blueprint, _ request: UpgradeRequest, _ engine: Engine
    ) async throws(ActorError) -> (hasMigrated: Bool, isOnTrial: Bool) {
        guard let oldGuest = guest, let oldHost = host else { throw endedError }
        let migration = try migration(of: blueprint.template)
        if code.machine.begin() == .keep { try keep() }
        let old = CellCode.Replaced(
            blueprint: code.present, guest: oldGuest, host: oldHost, state: state)
        do throws(ActorError) {
            try record(.begun, from: old.blueprint, to: blueprint, state: old.state)
        } catch {
            code.machine.failed()
            throw error
        }
        code.replaced = old
        do throws(ActorError) {
            try await makeGuest(of: blueprint, engine)
            code.exchange(for: blueprint)
            if let migration { try await self.migrate(migration) }
            try record(.done, from: old.blueprint, to: blueprint, state: state)
        } catch {
            code.machine.failed()
            if error.code != .journal { try putBack(blueprint, because: error.description) }
            if control.killedBecause != nil { throw endedError }
            throw error.code == .journal ? error : Self.failed(error, name)
        }
        shared.withLock { [state] in $0.state = state }
        system?.exchanged(self)
        try await recorder.settle()
        let until = world.now().advanced(by: request.trialTime)
        if code.machine.swapped(calls: request.trialCalls, until: until) == .keep {
            try keep()
        } else {
            armTrial(until)
        }
        return (migration != nil, code.machine.isOnTrial)
    }

    private static func failed(_ error: ActorError, _ name: String) -> ActorError {
        ActorError(
            .upgradeFailed,
            "the new code of '\(name)' could not take the actor over, which goes on as before: "
                + error.description, value: error.value, cause: error.cause)
    }

    // MARK: The state

    /// The function that migrates the state; `nil` when the state is taken as it is.
    ///
    /// - Throws: `actor.upgrade-refused` when the state does not fit.
    private func migration(of template: ActorTemplate) throws(ActorError) -> ExportBinding? {
        guard let migrate = template.exports[Self.migrate] else {
            try check(state, fits: template, "export theater:simple/actor.migrate in the new code")
            return nil
        }
        guard let parameter = migrate.signature?.parameters.first,
            migrate.signature?.parameters.count == 1, migrate.signature?.takesCaller == false
        else {
            throw refused(
                "it declares \(migrate.usage); migrate takes the old state alone, and answers with "
                    + "result<S, string>")
        }
        do throws(PactError) {
            try TypeCheck.check(state, against: parameter.type)
        } catch {
            throw refused("migrate does not take the state: \(error.problem)")
        }
        return migrate
    }

    /// Checks that every function that takes the state takes this one.
    private func check(
        _ state: Value, fits template: ActorTemplate, _ remedy: String
    ) throws(ActorError) {
        for export in template.exports.values.sorted(by: { $0.name < $1.name }) {
            guard let first = export.signature?.parameters.first, first.name == "state",
                export.name != Self.migrate
            else { continue }
            do throws(PactError) {
                try TypeCheck.check(state, against: first.type)
            } catch {
                throw refused(
                    "the state does not fit '\(export.name)': \(error.problem); \(remedy)")
            }
        }
    }

    private func refused(_ reason: String) -> ActorError {
        ActorError(
            .upgradeRefused, "'\(name)' keeps its code, for the new one cannot go on: \(reason)")
    }

    /// Lets the new code make its state of the old one.
    private func migrate(_ function: ExportBinding) async throws(ActorError) {
        let takesState = function.signature?.parameters.first?.name == "state"
        let now = world.now()
        let answer = await run(
            Operation(
                function: function, arguments: takesState ? [] : [state], takesState: takesState,
                fuel: manifest.limits.fuelPerCall,
                deadline: now.advanced(by: manifest.limits.initTimeout), submitted: now,
                reply: .none),
            at: now)
        let value = try answer.get()
        if !takesState {
            if case .result(_, _, .ok(let made)) = value { state = made } else { state = value }
        }
        try check(state, fits: template, "let migrate answer with a state that does")
    }

    // MARK: The guest

    private func makeGuest(of blueprint: Blueprint, _ engine: Engine) async throws(ActorError) {
        let limits = manifest.limits
        let template = blueprint.template
        if template.imports.contains(where: { $0.signature.name == "get-chain" }) {
            recorder.keepRecent()
        }
        let host = CellHost(
            template: template, handlers: handlers, recorder: recorder, meter: meter, world: world,
            isDryRun: blueprint.isDryRun)
        do throws(EngineError) {
            guest = try await Guest(
                template.linked, engine: engine, host: host, control: control,
                limits: GuestLimits(limits),
                budget: CallBudget(
                    fuel: min(limits.fuelPerCall, limits.fuelPerLife ?? .max),
                    deadline: world.now().advanced(by: limits.initTimeout)))
        } catch {
            throw host.journalFailure ?? .crashed(in: "start", error)
        }
        host.hasBegun = true
        self.host = host
    }

    /// The old code goes on, with the state that it had.
    private func putBack(_ new: Blueprint, because reason: String) throws(ActorError) {
        guard let old = code.replaced else { return }
        code.replaced = nil
        (guest, host, state) = (old.guest, old.host, old.state)
        code.exchange(for: old.blueprint)
        shared.withLock { $0.state = old.state }
        system?.exchanged(self)
        try record(
            .undone, from: old.blueprint, to: new, state: old.state,
            reason: String(reason.prefix(4096)))
    }

    private func keep() throws(ActorError) {
        guard let old = code.replaced else { return }
        disarmTrial()
        code.replaced = nil
        try record(.kept, from: old.blueprint, to: code.present, state: nil)
        logger.info("the new code is kept")
    }

    private func record(
        _ stage: CodeUpgrade.Stage, from old: Blueprint, to new: Blueprint, state: Value?,
        reason: String = ""
    ) throws(ActorError) {
        let bytes: [UInt8]
        do throws(CGRFError) {
            bytes = try state.map { (state) throws(CGRFError) in try CGRF.encode(state) } ?? []
        } catch {
            throw ActorError(.wrongResult, "the state of '\(name)' does not encode: \(error)")
        }
        try recorder.upgrade(
            CodeUpgrade(
                stage, from: old.template.moduleDigest, to: new.template.moduleDigest,
                manifest: new.manifestDigest, state: bytes, reason: reason))
    }

    // MARK: The trial

    private func armTrial(_ until: MonotonicTime) {
        let lateness = Deadlines.Entry { [weak self] _ in
            guard let self else { return }
            world.start { await self.endTrial() }
        }
        code.lateness = lateness
        deadlines.arm(lateness, at: until)
    }

    private func disarmTrial() {
        if let lateness = code.lateness { deadlines.disarm(lateness) }
        code.lateness = nil
    }

    /// The time of a trial is over.
    private func endTrial() async {
        // Whoever ends or exchanges the actor meanwhile settles it.
        try? await withTurn(by: nil) {
            do throws(ActorError) {
                if code.machine.tick(world.now()) == .keep { try keep() }
                return (.success(()), nil)
            } catch {
                return (.failure(error), error)
            }
        }
    }

    /// Lets go of what may not come back any more, because the actor ends.
    func forgetUpgrade() {
        refuseTurn()
        disarmTrial()
        code.replaced = nil
    }

    /// What a result of a call means for code on trial.
    ///
    /// - Returns: the result that counts; `nil` when the call is to be made again, by the old code.
    func judged(
        _ result: Result<Value, ActorError>, _ operation: Operation
    ) -> Result<Value, ActorError>? {
        guard code.machine.isOnTrial else { return result }
        switch code.machine.callEnded(ending(result, operation)) {
        case .goOn: return result
        case .keep:
            do throws(ActorError) {
                try keep()
                return result
            } catch {
                return .failure(error)
            }
        case .undo:
            guard case .failure(let error) = result else { return result }
            return undo(error, operation)
        }
    }

    private func ending(
        _ result: Result<Value, ActorError>, _ operation: Operation
    ) -> UpgradeMachine.Ending {
        guard case .failure(let error) = result else { return .answered }
        if isFatal(error, isCallback: operation.isCallback) {
            return error.code == .journal || error.code == .killed ? .other : .failed
        }
        return error.code == .guestError ? .answered : .other
    }

    /// A call of the code on trial failed: the old code comes back, and has the call if that can be.
    private func undo(
        _ error: ActorError, _ operation: Operation
    ) -> Result<Value, ActorError>? {
        let hasReachedOut = host?.hasReachedOut ?? true
        disarmTrial()
        do throws(ActorError) {
            try putBack(code.present, because: error.description)
        } catch {
            return .failure(error)
        }
        logger.warning(
            "a first call of the new code failed; the old code goes on, with the state that it had",
            metadata: ["error": "\(error)"])
        let obstacle: String? =
            if hasReachedOut {
                "it had changed something outside of the code"
            } else if error.cause?.code == .deadline
                || operation.timeout == nil && operation.deadline <= world.now()
            {
                "its time is over"
            } else if shared.withLock({ $0.requested != nil }) {
                "the actor is ending"
            } else {
                nil
            }
        guard let obstacle else {
            step = .fresh
            return nil
        }
        return .failure(
            ActorError(
                .rolledBack,
                "'\(operation.function.name)' failed in the new code, and is not made again by the old "
                    + "one, which goes on: \(obstacle); \(error.description)", value: error.value,
                cause: error.cause))
    }

    // MARK: Calls that came before

    /// A call as the present code declares its function, which may have come when there was other code.
    func bound(_ operation: Operation) throws(ActorError) -> Operation {
        guard code.isExchanged else { return operation }
        let function = operation.function
        guard let present = template.exports[function.name] else {
            throw ActorError(
                .unknownFunction,
                "'\(name)' has no function '\(function.name)' any more: its code was exchanged while "
                    + "the call waited")
        }
        if present === function { return operation }
        guard let takesState = present.takesState(before: operation.arguments.count) else {
            throw ActorError(
                .wrongArgument,
                "'\(function.name)' was called with \(operation.arguments.count) arguments; since its "
                    + "code was exchanged it is declared as \(present.usage)")
        }
        try present.check(operation.arguments, takesState: takesState)
        var bound = operation
        bound.function = present
        bound.takesState = takesState
        return bound
    }
}
