// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// One actor's side of the calls that it makes of others.
final class Caller: RPCCaller {
    private struct State {
        var isClosed = false
        /// Ends what the actor waits for at the moment.
        var giveUp: (@Sendable (RPCError) -> Void)?
    }

    private let cell: Cell
    private let targets: TargetRule
    private let exchange: Exchange
    private let state = Mutex(State())

    init(cell: Cell, targets: TargetRule, exchange: Exchange) {
        self.cell = cell
        self.targets = targets
        self.exchange = exchange
    }

    func resolve(_ address: String) -> Result<ActorID, RPCError> {
        guard let target = exchange.id(at: address) else {
            return .failure(
                RPCError(
                    .unknownTarget,
                    "no actor has the identity or the name "
                        + "'\(GuestText.shown(String(address.prefix(64))))'"))
        }
        if targets.names == nil { return .success(target) }
        if let name = exchange.system?.name(of: target), !targets.covers(name) {
            return .failure(
                RPCError(
                    .denied,
                    "'\(cell.name)' may not call '\(name)'; its grant covers \(targets.text). Add it "
                        + "to targets of handler 'rpc'"))
        }
        return .success(target)
    }

    func call(
        _ function: String, of target: ActorID, _ parameters: Value, timeout: Duration,
        answer: @escaping @Sendable (Result<Value, RPCError>) -> Void
    ) {
        let callee: Cell
        let export: ExportBinding
        let arguments: RPCArguments
        let waiting: Waiting<Value, RPCError>
        do throws(RPCError) {
            callee = try self.callee(target)
            export = try Self.offered(function, by: callee)
            arguments = try RPCArguments(parameters, for: export, from: cell.id)
            waiting = try wait(for: callee, function, answer)
        } catch {
            return answer(.failure(error))
        }
        let giveUp = { @Sendable (error: RPCError) -> Void in _ = waiting.settle(.failure(error)) }
        hold(giveUp)
        let now = exchange.world.now()
        let deadline = min(now.advanced(by: timeout), cell.waitLimit(now: now))
        let refusal = callee.post(
            export, arguments.arguments, takesState: arguments.takesState, isCallback: false,
            beginBy: deadline, depth: cell.depth + 1
        ) { result in
            waiting.settle(result.mapError { Self.error($0, callee) })
        }
        if let refusal { return giveUp(Self.error(refusal, callee)) }
        waiting.expire(at: deadline) { giveUp(Self.lateError(callee)) }
    }

    func implements(_ interface: String, by target: ActorID) -> Result<Bool, RPCError> {
        do throws(RPCError) {
            let callee = try self.callee(target)
            let parts = interface.split(
                separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let name = parts.first.map(String.init) ?? ""
            let wanted: InterfaceHash
            if parts.count == 2 {
                guard let hash = InterfaceHash(hex: String(parts[1])) else {
                    throw RPCError(
                        .noHash,
                        "what follows '#' is no hash of an interface; write its 64 hexadecimal digits"
                    )
                }
                wanted = hash
            } else if let own = cell.template.exportHashes.first(where: { $0.name == name }) {
                wanted = own.hash
            } else {
                throw RPCError(
                    .noHash,
                    "'\(cell.name)' does not export '\(GuestText.shown(String(name.prefix(64))))' "
                        + "itself, so nothing says which version is meant; ask for it as name#hash")
            }
            return .success(callee.exports(name, wanted))
        } catch {
            return .failure(error)
        }
    }

    func exports(of target: ActorID) -> Result<[String], RPCError> {
        do throws(RPCError) {
            let names = Set(try callee(target).template.metadata.exports.map(\.interface))
            return .success(names.subtracting([""]).sorted())
        } catch {
            return .failure(error)
        }
    }

    func close() {
        exchange.callers.withLock { callers in
            if callers[cell.id]?.caller === self { callers[cell.id] = nil }
        }
        let giveUp = state.withLock { state in
            state.isClosed = true
            return state.giveUp
        }
        giveUp?(Self.overError)
    }

    /// Ends the present wait.
    ///
    /// - Returns: whether there was one.
    func interrupt(_ error: RPCError) -> Bool {
        guard let giveUp = state.withLock({ $0.giveUp }) else { return false }
        giveUp(error)
        return true
    }

    // MARK: Steps of a call

    private func callee(_ id: ActorID) throws(RPCError) -> Cell {
        if let cell = exchange.system?.liveCell(id) { return cell }
        guard let name = exchange.system?.name(of: id) else {
            throw RPCError(
                .unknownTarget,
                "no actor has the identity \(id); ask whoever starts the actors for it")
        }
        let fact =
            exchange.system?.status(of: id) == .restarting
            ? "is being started again; try again in a moment" : "is over; start it again to call it"
        throw RPCError(.targetEnded, "'\(name)' \(fact)")
    }

    /// The export of a function that the callee's manifest offers.
    private static func offered(
        _ function: String, by callee: Cell
    ) throws(RPCError) -> ExportBinding {
        let interface = function.lastIndex(of: ".").map { String(function[..<$0]) } ?? ""
        guard callee.manifest.rpc.contains(interface) else {
            let shown = GuestText.shown(String(function.prefix(128)))
            throw RPCError(
                .notOffered,
                "'\(callee.name)' does not offer '\(shown)' to other actors; it offers "
                    + (callee.manifest.rpc.isEmpty
                        ? "nothing" : callee.manifest.rpc.joined(separator: ", "))
                    + ". Add the interface to rpc under [exports] of its manifest")
        }
        guard let export = callee.template.exports[function] else {
            throw RPCError(
                .unknownFunction, ActorSystem.unknownFunction(function, of: callee).message)
        }
        return export
    }

    private func wait(
        for callee: Cell, _ function: String,
        _ answer: @escaping @Sendable (Result<Value, RPCError>) -> Void
    ) throws(RPCError) -> Waiting<Value, RPCError> {
        switch exchange.beginWait(cell.id, for: callee.id) {
        case .success(let end):
            return Waiting(
                deadlines: exchange.deadlines,
                release: {
                    end()
                    self.hold(nil)
                }, answer: answer)
        case .failure(let cycle):
            throw RPCError(.cycle, cycle.message("the call of '\(function)'"))
        }
    }

    private func hold(_ giveUp: (@Sendable (RPCError) -> Void)?) {
        let isClosed = state.withLock { state in
            state.giveUp = giveUp
            return state.isClosed
        }
        if isClosed { giveUp?(Self.overError) }
    }

    private static let overError = RPCError(.givenUp, "the caller has ended")

    private static func lateError(_ callee: Cell) -> RPCError {
        RPCError(
            .timeout,
            "'\(callee.name)' did not answer in time; a call that had not begun is not made any more. "
                + "Give it a longer timeout-ms, or raise call_timeout of handler 'rpc'")
    }

    private static func error(_ error: ActorError, _ callee: Cell) -> RPCError {
        switch error.code {
        case .mailboxFull: RPCError(.mailboxFull, error.message)
        case .deadline: lateError(callee)
        case .guestError: RPCError(.calleeError, error.message)
        case .wrongArgument: RPCError(.wrongArgument, error.message)
        case .ended, .stopping, .cancelled: RPCError(.targetEnded, error.message)
        default: RPCError(.calleeCrashed, error.message)
        }
    }
}

extension Cell {
    /// Whether the actor exports the very interface.
    func exports(_ name: String, _ hash: InterfaceHash) -> Bool {
        template.exportHashes.contains { $0.name == name && $0.hash == hash }
    }
}

extension Exchange: RPCPort {
    func caller(for actor: ActorID, targets: TargetRule) -> (any RPCCaller)? {
        guard let cell = system?.liveCell(actor) else { return nil }
        let caller = Caller(cell: cell, targets: targets, exchange: self)
        callers.withLock { $0[actor] = WeakCaller(caller: caller) }
        return caller
    }
}
