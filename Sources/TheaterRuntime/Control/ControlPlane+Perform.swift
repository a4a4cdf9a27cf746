// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// What each command means: a question that is answered at once, or work for a lane.
extension ControlPlane {
    func perform(_ command: TheaterCommand) {
        let (system, services, name) = (system, services, command.name)
        switch command {
        case .spawnActor(let request, let reply):
            start(name, reply) { () throws(ActorError) in try await system.spawn(request) }
        case .resumeActor(let manifest, let wasm, let reply):
            start(name, reply) { () throws(ActorError) in
                try await system.resume(manifest, wasm: wasm)
            }
        case .restartActor(let id, let reply):
            hand(name, .start, reply) { () throws(ActorError) in
                try await system.restart(id)
                return id
            }
        case .upgradeActor(let id, let request, let reply):
            hand(name, .start, reply, grace: request.wait) { () throws(ActorError) in
                try await system.upgrade(id, request)
            }
        case .stopActor(let id, let grace, let reply):
            hand(name, .stop, reply, grace: grace) { () throws(ActorError) in
                try await system.stop(id, grace: grace)
            }
        case .terminateActor(let id, let reply):
            hand(name, .kill, reply) { () throws(ActorError) in try await system.terminate(id) }
        case .actorError(let id, let error, let reply):
            hand(name, .kill, reply) { () throws(ActorError) in try await system.fail(id, error) }
        case .actorShutdownComplete(let id, let reply):
            hand(name, .wait, reply) { () throws(ActorError) in try await system.awaitFinish(of: id)
            }
        case .shutdownRuntime(let grace, let reply):
            hand(name, .node, reply, grace: grace) { await system.shutDown(grace: grace) }
        case .getActorEvents(let id, let filter, let reply):
            hand(name, .read, reply) { () throws(ActorError) in
                try await system.events(of: id, filter: filter)
            }
        case .newStore(let reply):
            hand(name, .read, reply) { () throws(ActorError) in
                guard let makeStore = services.makeStore else {
                    throw Self.unavailable(name, "makeStore")
                }
                return try await makeStore()
            }
        case .shuttingDown(let id, let data, let reply):
            answer(name, reply) { () throws(ActorError) in
                try system.requestShutdown(id, result: data)
            }
        case .newEvent(let id, let sequence, let reply):
            answer(name, reply) { () throws(ActorError) in
                try system.announce(event: sequence, of: id)
            }
        case .actorRuntimeError(let error, let reply):
            answer(name, reply) { system.report(error) }
        case .getActors(let reply): answer(name, reply) { system.actors() }
        case .getActorManifest(let id, let reply):
            answer(name, reply) { () throws(ActorError) in try system.manifest(of: id) }
        case .getActorStatus(let id, let reply):
            answer(name, reply) { () throws(ActorError) in
                guard let status = system.status(of: id) else { throw ActorSystem.notFound(id) }
                return status
            }
        case .listChildren(let id, let reply):
            answer(name, reply) { () throws(ActorError) in try system.childInfos(of: id) }
        case .getActorState(let id, let reply):
            answer(name, reply) { () throws(ActorError) in try system.state(of: id) }
        case .getActorMetrics(let id, let reply):
            answer(name, reply) { () throws(ActorError) in try system.metrics(of: id) }
        case .subscribeToActor(let id, let start, let options, let reply):
            answer(name, reply) { () throws(ActorError) in
                try system.subscribe(to: id, from: start, options: options)
            }
        case .getActorHandle(let id, let reply): answer(name, reply) { system.handle(of: id) }
        case .getActorExportHashes(let id, let reply):
            answer(name, reply) { () throws(ActorError) in try system.exportHashes(of: id) }
        }
    }

    private func start(
        _ name: CommandName, _ reply: Reply<ActorID>,
        _ work: @escaping @Sendable () async throws(ActorError) -> ActorID
    ) {
        // Nobody knows an actor that starts after its command was given up.
        hand(
            name, .start, reply, undo: { [system] id in _ = try? await system.terminate(id) },
            work)
    }

    private static func unavailable(_ name: CommandName, _ service: String) -> ActorError {
        ActorError(
            .controlUnavailable,
            "this node does not do '\(name.rawValue)'; give its control plane the service "
                + "'\(service)'")
    }
}
