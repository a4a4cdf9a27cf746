// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterValue

/// What the actors of one run do, and who holds what: shared by their handlers and the director.
final class Script: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    struct Waiter {
        let handler: ObjectIdentifier
        let answering: HostAnswering
    }

    let history: History
    let trace: Trace
    var programs: [UInt64: Program] = [:]
    /// What the next `init` of an actor of this name does.
    var starts: [String: Program] = [:]
    /// How long the handler of an actor of this name takes to close.
    private(set) var closing: [String: Duration] = [:]
    /// The names of those whose handlers may be left behind, because they take too long.
    private var slow: Set<String> = []
    private(set) var isGateOpen = false
    private var waiters: [Waiter] = []
    let channels = ChannelLog()
    /// Who lives.
    var live: () -> [ActorID] = { [] }
    /// How each child's lives ended, as its parent was told.
    private(set) var told: [ActorID: [String]] = [:]
    /// How many handlers of each actor are open.
    private(set) var open: [ActorID: Int] = [:]

    init(history: History, trace: Trace) {
        self.history = history
        self.trace = trace
    }

    func opened(_ id: ActorID) {
        open[id, default: 0] += 1
        if open[id, default: 0] > 1 { history.report("\(id) has two lives at the same time") }
    }

    /// A parent is told of the end of a child's life.
    func tell(_ notice: ChildNotice) {
        switch notice {
        case .exited(let child, _): told[child, default: []].append("completed")
        case .failed(let child, _, _, _): told[child, default: []].append("failed")
        case .stopped(let child): told[child, default: []].append("stopped")
        }
    }

    func closed(_ id: ActorID) { open[id, default: 0] -= 1 }

    /// Whether the handler of an actor takes so long to close that it is left behind.
    func isSlow(_ name: String) -> Bool { slow.contains(name) }

    func setClosing(_ name: String, to time: Duration) {
        closing[name] = time
        if time > .seconds(5) { slow.insert(name) }
    }

    func wait(_ waiter: Waiter) {
        if isGateOpen { return waiter.answering(.success(ScriptedGuest.Order.again.value)) }
        waiters.append(waiter)
    }

    func drop(_ handler: ObjectIdentifier) { waiters.removeAll { $0.handler == handler } }

    /// Lets all go on who wait at the gate; for good when it stays open.
    func openGate(forGood: Bool = false) {
        isGateOpen = isGateOpen || forGood
        let passing = waiters
        waiters = []
        for waiter in passing { waiter.answering(.success(ScriptedGuest.Order.again.value)) }
    }
}

/// Tells one scripted guest what to do.
final class ScriptHandler: Handler, @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    static let name = "sim"
    static let interfaces = [
        HostInterface(
            pact: """
                interface host {
                    @package: string = "sim:host"
                    exports { step: func(input: value) -> value }
                }
                """,
            suspending: ["step"])
    ]

    /// A call that the guest is in.
    private struct Current {
        enum Form {
            case start, play, send, told
            case request(id: String)
            case offer(isAccepted: Bool, id: String, number: UInt64)
        }

        let form: Form
        let number: UInt64
        let state: Value
        let program: Program
        var next = 0
        /// What the guest was told to do on a channel, and has not said how that went.
        var channelUse: ChannelUse?
    }

    private enum ChannelUse {
        case open, send(String), close(String)
    }

    private let context: HandlerContext
    private let script: Script
    private let port: (any SupervisionPort)?
    private var current: Current?
    private var tasks: [Task<Void, Never>] = []
    private var closeCount = 0

    init(grant: inout SectionReader, context: HandlerContext) throws(ManifestDiagnostics) {
        try grant.finish()
        self.context = context
        guard let script = context.services.service(Script.self) else {
            preconditionFailure("a simulated world offers its script")
        }
        self.script = script
        script.opened(context.actorID)
        port = context.services.service((any SupervisionPort).self)
        port?.tell(context.actorID) { script.tell($0) }
    }

    func close() async {
        closeCount += 1
        if closeCount > 1 {
            script.history.report("the handler of \(context.actorID) closed twice")
        }
        port?.tell(context.actorID, of: nil)
        script.drop(ObjectIdentifier(self))
        for task in tasks { task.cancel() }
        tasks = []
        if let time = script.closing[context.actorName] {
            try? await context.world.sleep(for: time)
        }
        script.closed(context.actorID)
    }

    func answer(_ call: HostCall) -> HostReply {
        if closeCount > 0 { script.history.report("\(context.actorID) calls a closed handler") }
        if current == nil { current = begin(call.arguments.first ?? .unit) }
        guard var now = current else { return .value(ScriptedGuest.Order.trap.value) }
        if let use = now.channelUse {
            now.channelUse = nil
            noteUse(use, call.arguments.first ?? .unit)
        }
        script.trace.note("step", now.number, UInt64(now.next))
        guard now.next < now.program.instructions.count else {
            current = nil
            return .value(end(now).value)
        }
        let instruction = now.program.instructions[now.next]
        now.next += 1
        switch instruction {
        case .openChannel, .sendOnChannel, .closeChannel:
            let (order, use) = channelOrder(instruction)
            now.channelUse = use
            current = now
            return .value(order.value)
        default: current = now
        }
        return perform(instruction)
    }

    private func begin(_ input: Value) -> Current {
        let items = input.asItems ?? []
        if items.count == 2, case .u64(let number) = items[1] {
            return current(.play, number, items[0])
        }
        if items.count == 2, let body = items[1].asBytes {
            return current(.send, Self.number(body), items[0])
        }
        if items.count == 2, case .string(let channel) = items[1] {
            script.channels.told(channel, context.actorID)
            return current(.told, 0, items[0])
        }
        if items.count == 3, case .string(let id) = items[1], let body = items[2].asBytes,
            id.hasPrefix("ch_")
        {
            guard ChannelLog.isOffer(body) else { return current(.told, 0, items[0]) }
            let isAccepted = script.channels.offered(id, body, to: context.actorID)
            let form = Current.Form.offer(
                isAccepted: isAccepted, id: id, number: Self.number(body))
            return current(form, 0, items[0])
        }
        if items.count == 3, case .string(let id) = items[1], let body = items[2].asBytes {
            return current(.request(id: id), Self.number(body), items[0])
        }
        let program = script.starts.removeValue(forKey: context.actorName) ?? Program()
        return Current(form: .start, number: 0, state: input, program: program)
    }

    private func current(_ form: Current.Form, _ number: UInt64, _ state: Value) -> Current {
        Current(
            form: form, number: number, state: state, program: script.programs[number] ?? Program())
    }

    // MARK: Messages

    static func body(_ number: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static func number(_ body: [UInt8]) -> UInt64 {
        body.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    // MARK: Channels

    private func channelOrder(
        _ instruction: Program.Instruction
    ) -> (ScriptedGuest.Order, ChannelUse?) {
        func order(_ function: HostFunction, _ items: Value...) -> ScriptedGuest.Order {
            .use(function, (try? CGRF.encode(items.count == 1 ? items[0] : .tuple(items))) ?? [])
        }
        let own = context.actorID
        switch instruction {
        case .openChannel(let choice, let isAccepted):
            let others = script.live().filter { $0 != own }
            guard !others.isEmpty else { return (.again, nil) }
            let target = others[choice % others.count]
            let body = script.channels.offer(from: own, isAccepted: isAccepted)
            return (order(.open, .string("\(target)"), .bytes(body)), .open)
        case .sendOnChannel(let choice):
            guard let id = script.channels.pick(choice, for: own) else { return (.again, nil) }
            let body = script.channels.message(on: id, from: own)
            return (order(.sendOn, .string(id), .bytes(body)), .send(id))
        case .closeChannel(let choice):
            guard let id = script.channels.pick(choice, for: own) else { return (.again, nil) }
            return (order(.close, .string(id)), .close(id))
        default: return (.again, nil)
        }
    }

    /// The guest says how a host function went.
    private func noteUse(_ use: ChannelUse, _ answer: Value) {
        guard case .result(_, _, .ok(let value)) = answer else {
            return script.trace.note("channel refused")
        }
        let now = context.world.now()
        switch use {
        case .open:
            guard let id = value.asString else { return }
            script.trace.note("channel open \(id)")
            script.channels.opened(id, at: now)
        case .send(let id): expectOwn(id)
        case .close(let id):
            expectOwn(id)
            script.channels.closed(id, by: context.actorID, at: now)
        }
    }

    private func expectOwn(_ id: String) {
        if script.channels[id]?.has(context.actorID) == true { return }
        script.history.report("\(context.actorID) used \(id), which belongs to two others")
    }

    // MARK: Instructions

    private func perform(_ instruction: Program.Instruction) -> HostReply {
        let again = ScriptedGuest.Order.again.value
        let world = context.world
        switch instruction {
        case .again, .openChannel, .sendOnChannel, .closeChannel: return .value(again)
        case .wait(let time):
            return .later {
                try? await world.sleep(for: time)
                return .success(again)
            }
        case .park(let time):
            return .parked { answering in
                self.tasks.append(
                    world.start {
                        guard (try? await world.sleep(for: time)) != nil else { return }
                        answering(.success(again))
                    })
            }
        case .gate:
            return .parked { answering in
                self.script.wait(.init(handler: ObjectIdentifier(self), answering: answering))
            }
        case .deny: return .denied(HostError("sim.denied", "the plan denies it"))
        case .breakDown: return .failure(HostError("sim.broken", "the plan breaks it"))
        case .callBack(let number):
            let call = callBack(number)
            world.start { await call() }
            return .value(again)
        case .reenter(let number):
            let call = callBack(number)
            return .later {
                await call()
                return .success(again)
            }
        case .shutDown:
            context.cell.requestShutdown(result: [7])
            return .value(again)
        case .use(let function, let arguments):
            return .value(
                ScriptedGuest.Order.use(function, (try? CGRF.encode(arguments)) ?? []).value)
        }
    }

    private func callBack(_ number: UInt64) -> @Sendable () async -> Void {
        let operation = script.history.begin(
            .callBack, context.actorID, sender: "handler \(number)")
        script.programs[operation.number] = script.programs[number] ?? Program()
        let (cell, history) = (context.cell, script.history)
        return {
            let result = await cell.call(ScriptedGuest.play, [.u64(operation.number)])
            switch result {
            case .success(let value): history.end(operation, .value(value))
            case .failure(let error): history.end(operation, .refused(error.code.rawValue))
            }
        }
    }

    private func end(_ call: Current) -> ScriptedGuest.Order {
        switch call.program.ending {
        case .answer: return .answer((try? CGRF.encode(answer(call))) ?? [])
        case .error:
            let value = Value.result(
                ok: .tuple([]), err: .string, .err(.string("no \(call.number)")))
            return .answer((try? CGRF.encode(value)) ?? [])
        case .status: return .status(Array("no \(call.number)".utf8))
        case .trap: return .trap
        case .spin: return .spin
        }
    }

    private func answer(_ call: Current) -> Value {
        let state: Value
        if case .u64(let count) = call.state { state = .u64(count &+ 1) } else { state = .u64(1) }
        let items: [Value] =
            switch call.form {
            case .start: [call.state]
            case .play: [state, .u64(call.number)]
            case .send, .told: [state]
            case .offer(let isAccepted, let id, let number):
                [state, accept(isAccepted, id, says: isAccepted && number % 2 == 0)]
            case .request:
                [state, .option(.list(.primitive(.u8)), .bytes(Self.body(call.number)))]
            }
        return .result(ok: .tuple([]), err: .string, .ok(.tuple(items)))
    }

    /// The answer to the offer of a channel, with a first message or without.
    private func accept(_ isAccepted: Bool, _ id: String, says: Bool) -> Value {
        let body = says ? script.channels.message(on: id, from: context.actorID) : nil
        return .record(
            Value.Record(
                "channel-accept",
                [
                    .init("accepted", .bool(isAccepted)),
                    .init(
                        "message", .option(.list(.primitive(.u8)), body.map { .bytes($0) })),
                ]))
    }
}
