// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterStore
internal import TheaterValue

/// Actors: looking, starting and ending.
struct ActorRoutes: Sendable {
    let node: ServedNode
    let bodies: Bodies
    private var lookup: ActorLookup { ActorLookup(node: node) }
    private var system: ActorSystem { node.system }
    private var control: ControlPlane { node.control }

    // MARK: Looking

    func list(_ call: Call) throws(Problem) -> Response {
        let limit = try call.integer("limit", in: 1...10_000) ?? 100
        var after: ActorID?
        if let cursor = call.parameter("cursor") {
            guard let id = ActorID(cursor) else {
                throw Problem(.parameter, "'cursor' must be 'next' of the page before")
            }
            after = id
        }
        // Ordered by identity, so that a page goes on where the last one ended, whoever came or went.
        let rest = system.actorIDs().drop { id in after.map { id <= $0 } ?? false }
        let page = rest.prefix(limit)
        let next = rest.count > limit ? page.last?.description : nil
        let hasLoad = try call.flag("load")
        // Who ended since is left out.
        let write = { @Sendable [system] (ids: ArraySlice<ActorID>, end: UInt8) in
            var text: [UInt8] = []
            text.reserveCapacity(ids.count * 128)
            for info in system.actors(among: ids) {
                ActorJSON.write(info, hasLoad ? try? system.metrics(of: info.id) : nil, to: &text)
                text.append(end)
            }
            return text
        }
        guard !call.wantsLines else {
            return Answer.lines(page, next: next) { write($0, UInt8(ascii: "\n")) }
        }
        var text = Array(#"{"actors":["#.utf8)
        text += write(page, UInt8(ascii: ",")).dropLast()
        text += #"],"next":"#.utf8
        JSONValue.optional(next).write(to: &text)
        text.append(UInt8(ascii: "}"))
        return Answer.bytes(text, type: "application/json")
    }

    func tree(_ call: Call) throws(Problem) -> Response {
        Answer.json(forest(hasLoad: try call.flag("load")))
    }

    func followTree(_ call: Call, _ streams: ValueStreams) throws(Problem) -> Response {
        let hasLoad = try call.flag("load")
        return try streams.response(to: call, showing: "tree \(hasLoad)") { [self] in
            ValueStream.Look(value: forest(hasLoad: hasLoad))
        }
    }

    /// The live actors below their parents.
    private func forest(hasLoad: Bool) -> JSONValue {
        let trees = system.tree().map { ActorJSON.tree($0, loadFrom: hasLoad ? system : nil) }
        return ["roots": .array(trees)]
    }

    func show(_ call: Call) async throws(Problem) -> Response {
        Answer.json(try actor(try lookup.live(call.place("actor"))))
    }

    private func actor(_ id: ActorID) throws(Problem) -> JSONValue {
        do throws(ActorError) {
            return value(of: try system.metrics(of: id))
        } catch {
            throw Problem(error)
        }
    }

    private func value(of metrics: ActorMetrics) -> JSONValue {
        let id = metrics.actor
        let children = (try? system.children(of: id)) ?? []
        return ActorJSON.actor(metrics, parent: system.parent(of: id), children: children)
    }

    func follow(_ call: Call, _ streams: ValueStreams) throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        // Who is not known is refused.
        _ = try actor(id)
        return try streams.response(to: call, showing: "actor \(id)") { [self] in
            // Asked first, so that no life begins unseen between this and its numbers.
            let isLive = system.handle(of: id) != nil
            guard let metrics = try? system.metrics(of: id) else { return nil }
            return ValueStream.Look(
                value: value(of: metrics), isLast: !isLive && metrics.status.isEnded)
        }
    }

    func functions(_ call: Call) throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        do throws(ActorError) {
            let exports = try ExportList(of: id, in: system)
            return Answer.json([
                "functions": .array(
                    exports.all.map {
                        ["name": .string($0.name), "usage": .string($0.usage)]
                    }),
                "metadata": .string(Base64.encode(exports.metadata)),
            ])
        } catch {
            throw Problem(error)
        }
    }

    func state(_ call: Call) throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        do throws(ActorError) {
            return try TalkRoutes.answer(try system.state(of: id), call)
        } catch {
            throw Problem(error)
        }
    }

    // MARK: Starting

    func start(_ call: Call) async throws(Problem) -> Response {
        let request = try await spawnRequest(call)
        let id: ActorID
        do throws(ActorError) {
            id = try await control.send { .spawnActor(request, $0) }
        } catch {
            throw Problem(error)
        }
        // It may be over already; then its last numbers are shown.
        return Answer.json(try actor(id), status: 201)
    }

    private func spawnRequest(_ call: Call) async throws(Problem) -> SpawnRequest {
        let json = try await bodies.json(of: call)
        let text: String
        let module: String
        let name: String?
        let variables: [String: String]
        let state: String?
        do throws(JSONError) {
            var fields = try JSONFields(json)
            text = try fields.string("manifest")
            module = try fields.string("module")
            name = try fields.optionalString("name")
            variables = try fields.dictionary("variables")
            state = try fields.optionalString("initial_state")
            try fields.finish()
        } catch {
            throw Problem(.body, "\(error)")
        }
        let manifest = try manifest(text, variables: variables, state: state)
        var request = SpawnRequest(wasm: try await wasm(module), manifest: manifest)
        if let name {
            guard NameCheck.isName(name) else {
                throw Problem(
                    .body,
                    "'name' must have 1 to 128 bytes that can be seen, and not look like an identity"
                )
            }
            request.name = name
        }
        return request
    }

    func manifest(
        _ text: String, variables: [String: String], state: String?
    ) throws(Problem) -> Manifest {
        let manifest: Manifest
        do throws(ManifestDiagnostics) {
            var parsed = try Manifest.parse(text, file: "manifest", variables: variables)
            try parsed.readInitialState(manifestPath: "manifest") { _, _ in
                guard let state, let bytes = Base64.decode(state) else {
                    throw JSONError("give its content as 'initial_state', in Base64")
                }
                return bytes
            }
            manifest = parsed
        } catch {
            let code = error.diagnostics.first?.code.rawValue ?? "manifest.invalid"
            throw Problem(status: 422, code: code, detail: error.description)
        }
        // Paths are relative to the manifest, and this one has no folder.
        let files = manifest.children.flatMap { [$0.manifest, $0.wasm].compactMap(\.self) }
        if let file = files.first(where: { !StoreReference.isReference($0) }) {
            throw Problem(
                .path,
                "the manifest names the file '\(file.prefix(256))', and a manifest that is sent has no "
                    + "folder; put the file in the store and name it with store://…")
        }
        return manifest
    }

    func wasm(_ digest: String) async throws(Problem) -> [UInt8] {
        guard let id = ContentID(digest) else {
            throw Problem(.body, "'module' must be a SHA-256 in 64 hexadecimal digits")
        }
        switch await node.store.perform({ (store) throws(StoreError) in
            try store.get(id, in: .modules)
        }) {
        case .success(let wasm): return wasm
        case .failure(let error) where error.code == .notFound:
            throw Problem(
                .unknownModule,
                "the node does not keep the module \(digest.prefix(64)); send it to /v1/modules first"
            )
        case .failure(let error): throw Problem(error)
        }
    }

    // MARK: Ending

    func stop(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        let grace = try call.duration("grace", most: .seconds(3600)) ?? .seconds(5)
        return try await end(id) { (control) throws(ActorError) in
            try await control.send { .stopActor(id, grace: grace, $0) }
        }
    }

    func kill(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        return try await end(id) { (control) throws(ActorError) in
            try await control.send { .terminateActor(id, $0) }
        }
    }

    private func end(
        _ id: ActorID, _ command: (ControlPlane) async throws(ActorError) -> ExitReason
    ) async throws(Problem) -> Response {
        do throws(ActorError) {
            return Answer.json(ActorJSON.end(id, try await command(control)))
        } catch {
            throw Problem(error)
        }
    }

    func restart(_ call: Call) async throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        do throws(ActorError) {
            _ = try await control.send { .restartActor(id, $0) }
        } catch {
            throw Problem(error)
        }
        return Answer.json(try actor(id))
    }
}
