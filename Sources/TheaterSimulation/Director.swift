// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterTesting
internal import TheaterValue

/// The clients of one run: acts as the seed says, lets everything come to its end, and has it checked.
final class Director: @unchecked Sendable {
    // SAFETY: used by the one thread that runs the simulation.
    let system: ActorSystem
    let world: World
    let plan: Plan
    let history: History
    let script: Script
    private let wasm: [UInt8]
    var chance: SplitMix
    private var errands: [Task<Void, Never>] = []
    private var isShutDown = false

    init(
        system: ActorSystem, world: World, plan: Plan, history: History, script: Script,
        wasm: [UInt8], chance: SplitMix
    ) {
        self.system = system
        self.world = world
        self.plan = plan
        self.history = history
        self.script = script
        self.wasm = wasm
        self.chance = chance
        script.live = { [weak system] in system?.actors().map(\.id) ?? [] }
    }

    /// The whole run.
    func run() async {
        for _ in 0..<1 + chance.next(below: plan.nameCount) { spawn() }
        await settle()
        for _ in 0..<plan.stepCount {
            await act()
            check()
            if chance.next(below: 3) == 0 { await Task.yield() }
        }
        await finish()
    }

    // MARK: Acting

    private func act() async {
        switch Plan.pick(plan.actions, &chance) {
        case .call: call(anyActor())
        case .crash: call(anyActor(), .crash)
        case .storm:
            let target = anyActor()
            for _ in 0..<2 + chance.next(below: 8) { call(target) }
        case .send: send()
        case .request: request()
        case .cancel: cancel()
        case .stop: errand(anyActor()) { try await $0.stop($1, grace: self.grace()) }
        case .terminate: errand(anyActor()) { try await $0.terminate($1) }
        case .restart:
            errand(anyActor()) { system, id in
                self.history.actor(id)?.isRestarted = true
                try await system.restart(id, grace: self.grace())
                if let known = self.history.actor(id) { self.watch(known) }
            }
        case .spawn: spawn()
        case .wait:
            if plan.pauseMax == 0 { return await Task.yield() }
            try? await world.sleep(for: .milliseconds(1 + chance.next(below: plan.pauseMax)))
        case .openGate: script.openGate()
        case .look: look()
        case .subscribe: subscribe()
        case .channel: channel()
        case .shutDown:
            guard !isShutDown else { return }
            isShutDown = true
            let grace = grace()
            let deadline = chance.next(below: 2) == 0 ? grace : nil
            errands.append(
                world.start { await self.system.shutDown(grace: grace, within: deadline) })
        }
    }

    private func grace() -> Duration { .milliseconds([1, 20, 500][chance.next(below: 3)]) }

    /// One of the actors so far, more often one of the newest.
    func anyActor() -> ActorID? {
        guard !history.actors.isEmpty else { return nil }
        let newest = min(history.actors.count, chance.next(below: 4) == 0 ? .max : plan.nameCount)
        return history.actors[history.actors.count - 1 - chance.next(below: newest)].id
    }

    /// One of those that live, if there are any: channels need two.
    private func liveActor() -> ActorID? {
        let live = system.actors()
        return live.isEmpty ? anyActor() : live[chance.next(below: live.count)].id
    }

    private func errand(
        _ target: ActorID?, _ work: @escaping @Sendable (ActorSystem, ActorID) async throws -> Void
    ) {
        guard let target else { return }
        errands.append(
            world.start {
                do {
                    try await work(self.system, target)
                    self.script.trace.note("errand done \(target)")
                } catch {
                    let code = (error as? ActorError)?.code.rawValue ?? "\(error)"
                    self.script.trace.note("errand failed \(target) \(code)")
                }
            })
    }

    private func spawn() {
        let parent = chance.next(below: 100) < plan.childShare ? anyActor() : nil
        // Children have names of their own, so that they do not fight for those of the roots.
        let name =
            "\(parent == nil ? "a" : "c\(errands.count)-")\(chance.next(below: plan.nameCount))"
        var manifest = Manifest(
            name: name, package: "scripted.wasm",
            handlers: [HandlerGrant(type: "sim"), HandlerGrant(type: "message-server")])
        manifest.limits.mailbox = plan.mailbox
        manifest.limits.callTimeout = plan.callTimeout
        manifest.limits.initTimeout = plan.callTimeout
        manifest.limits.mailboxPolicy = plan.mailboxPolicy
        manifest.limits.fuelPerCall = plan.fuelPerCall
        manifest.limits.fuelPerLife = plan.fuelPerLife
        if plan.onErrorContinues { manifest.onError = .continue }
        manifest.supervision = plan.supervision
        var request = SpawnRequest(wasm: wasm, manifest: manifest, parent: parent)
        request.initialState = .u64(0)
        if parent != nil { request.childSpec = childSpec() }
        if chance.next(below: 8) == 0 { script.starts[name] = program(isStart: true) }
        if chance.next(below: 8) == 0 {
            script.setClosing(name, to: .milliseconds([3, 40, 7000][chance.next(below: 3)]))
        }
        errands.append(
            world.start { [request] in
                do throws(ActorError) {
                    let id = try await self.system.spawn(request)
                    let known = Known(id, name, parent: parent)
                    self.history.actors.append(known)
                    self.script.trace.note("spawned \(id) \(name)")
                    self.watch(known)
                } catch {
                    self.script.trace.note("not spawned \(name) \(error.code.rawValue)")
                }
            })
    }

    private func childSpec() -> ChildSpec {
        ChildSpec(
            restart: [.permanent, .permanent, .transient, .temporary][chance.next(below: 4)],
            shutdown: [.kill, .timeout(grace()), .infinity][chance.next(below: 3)],
            state: ChildDeclaration.StateSource.allCases[chance.next(below: 2)])
    }

    /// Waits for the end of an actor's present life, and looks at what it left.
    private func watch(_ known: Known) {
        errands.append(
            world.start {
                guard let reason = try? await self.system.awaitEnd(of: known.id) else { return }
                known.ends.append(reason)
                known.endedAt = self.world.now()
                self.script.trace.note("ended \(known.id) \(reason.status)")
                self.checkEnd(known)
            })
    }

    // MARK: Calls and messages

    private func call(_ target: ActorID?, _ asked: Operation.Kind? = nil) {
        guard let target else { return }
        let timeout: Duration? =
            chance.next(below: 3) == 0 ? .milliseconds(1 + chance.next(below: 40)) : nil
        var kind: Operation.Kind
        switch chance.next(below: 20) {
        case 0: kind = plan.deeds.contains { $0.0 == .trap } ? .crash : .echo
        case 1: kind = plan.deeds.contains { $0.0 == .spin } ? .spin : .echo
        case 2: kind = .unknown
        case 3...5: kind = .echo
        default: kind = .play
        }
        if let asked { kind = asked }
        let operation = history.begin(
            kind, target, sender: "client",
            timeout: min(timeout ?? plan.callTimeout, plan.callTimeout))
        let number = operation.number
        if kind == .play { script.programs[number] = program() }
        let (function, arguments): (String, [Value]) =
            switch kind {
            case .crash: (ScriptedGuest.crash, [])
            case .spin: (ScriptedGuest.spin, [])
            case .unknown: ("sim:actor/player.dance", [])
            case .echo: (ScriptedGuest.echo, [.u64(number)])
            default: (ScriptedGuest.play, [.u64(number)])
            }
        operation.task = world.start {
            do throws(ActorError) {
                let value = try await self.system.call(
                    target, function, arguments, options: CallOptions(timeout: timeout))
                self.history.end(operation, .value(value))
            } catch {
                self.history.end(operation, .failure(error))
            }
        }
    }

    private func send() {
        guard let target = anyActor() else { return }
        let operation = history.begin(.send, target, sender: "external")
        script.programs[operation.number] = program()
        do throws(MessageError) {
            try system.send(ScriptHandler.body(operation.number), to: target)
            history.end(operation, .value(.unit))
        } catch {
            history.end(operation, .refused(error.code.rawValue))
        }
    }

    private func request() {
        guard let target = anyActor() else { return }
        let timeout = Duration.milliseconds(1 + chance.next(below: 60))
        let operation = history.begin(.request, target, sender: "external", timeout: timeout)
        let number = operation.number
        script.programs[number] = program()
        operation.task = world.start {
            do throws(MessageError) {
                let body = try await self.system.request(
                    ScriptHandler.body(number), to: target, timeout: timeout)
                self.history.end(operation, .value(.bytes(body)))
            } catch {
                self.history.end(operation, .refused(error.code.rawValue))
            }
        }
    }

    /// Somebody who is no actor offers a channel, speaks, perhaps closes it, and reads it to its end.
    private func channel() {
        guard let target = liveActor() else { return }
        let timeout = Duration.milliseconds(1 + chance.next(below: 200))
        let unreadMax = 1 + chance.next(below: 3)
        let (count, pause) = (chance.next(below: 4), chance.next(below: 5))
        let closes = chance.next(below: 2) == 0
        let body = script.channels.offer(from: nil, isAccepted: chance.next(below: 4) > 0)
        script.trace.note("offer a channel \(target)")
        errands.append(
            world.start {
                do throws(MessageError) {
                    let channel = try await self.system.openChannel(
                        to: target, body, timeout: timeout, unreadMax: unreadMax)
                    let id = channel.id.description
                    self.script.channels.opened(id, at: self.world.now())
                    for _ in 0..<count {
                        let body = self.script.channels.message(on: id, from: nil)
                        try? channel.send(body)
                        if pause > 0 { try? await self.world.sleep(for: .milliseconds(pause)) }
                    }
                    if closes, (try? self.system.close(channel.id)) != nil {
                        self.script.channels.closed(id, by: nil, at: self.world.now())
                        // Nobody else tells it of its own end.
                        return
                    }
                    await self.read(channel)
                } catch {
                    self.script.trace.note("no channel \(error.code.rawValue)")
                }
            })
    }

    private func read(_ channel: ExternalChannel) async {
        var (isInitiated, isClosed) = (false, false)
        var last: UInt64 = 0
        for await event in channel {
            if isClosed { history.report("\(channel.id) goes on after its end") }
            switch event {
            case .initiated:
                if isInitiated { history.report("\(channel.id) is initiated twice") }
                isInitiated = true
            case .message(let message):
                let number = ScriptHandler.number(message.body)
                if !isInitiated || number <= last {
                    history.report("message \(number) on \(channel.id) follows \(last)")
                }
                last = number
            case .closed: isClosed = true
            }
        }
        if !isClosed { history.report("\(channel.id) ended without notice") }
        script.trace.note("channel over", last)
    }

    private func cancel() {
        let open = history.operations.filter { $0.answerCount == 0 && $0.task != nil }
        guard !open.isEmpty else { return }
        let operation = open[chance.next(below: open.count)]
        operation.isCancelled = true
        script.trace.note("cancel", operation.number)
        operation.task?.cancel()
    }

    /// Somebody reads an actor's events, perhaps slowly.
    private func subscribe() {
        guard let target = anyActor() else { return }
        let start: FeedStart =
            chance.next(below: 2) == 0 ? .now : .sequence(UInt64(chance.next(below: 4)))
        let options = FeedOptions(
            eventsMax: 1 + chance.next(below: 8),
            overflow: FeedOverflow.allCases[chance.next(below: 2)])
        let pause = Duration.milliseconds([0, 1, 50][chance.next(below: 3)])
        let leavesAfter = chance.next(below: 4) == 0 ? chance.next(below: 10) : Int.max
        guard
            let subscription = try? system.subscribe(to: target, from: start, options: options)
        else { return }
        let reader = FeedReader(subscription, start: start)
        history.readers.append(reader)
        script.trace.note("subscribe \(target)")
        errands.append(
            world.start {
                await reader.read(self.world, pause: pause, leavesAfter: leavesAfter)
                self.script.trace.note("subscription over", UInt64(reader.events.count))
            })
    }

    private func look() {
        for info in system.actors() {
            script.trace.note("\(info.id) \(info.status) \(info.mailboxDepth)")
        }
    }

    // MARK: The end

    /// Waits for what the director itself began.
    private func settle() async {
        for errand in errands.prefix(plan.nameCount) { await errand.value }
    }

    /// No more faults: what is under way comes to its end, and then every actor does.
    private func finish() async {
        script.openGate(forGood: true)
        for operation in history.operations {
            if let task = operation.task { await task.value }
        }
        await system.shutDown(grace: .seconds(1))
        // Some begin others.
        while let errand = errands.popLast() { await errand.value }
        // Nobody waits for those whom handlers call back: they may still be about to learn their answer.
        for _ in 0..<1000 where history.operations.contains(where: { $0.answerCount == 0 }) {
            await Task.yield()
        }
    }
}
