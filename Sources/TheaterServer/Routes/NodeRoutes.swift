// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterChain
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterStore

/// The node itself, and the modules that it keeps.
struct NodeRoutes: Sendable {
    let node: ServedNode
    let options: ServerOptions
    let bodies: Bodies
    let life: ServerLife
    let audit: Audit
    private let started = WallTime.now()

    init(
        node: ServedNode, options: ServerOptions, bodies: Bodies, life: ServerLife, audit: Audit
    ) {
        self.audit = audit
        self.node = node
        self.options = options
        self.bodies = bodies
        self.life = life
    }

    // MARK: Health

    /// What keeps the node from taking work; `nil` when nothing does.
    private var ailment: String? {
        if life.isDraining { return "the node is ending" }
        if let ailment = life.ailment { return ailment }
        if let failure = node.journal.failure { return "chains cannot be written: \(failure)" }
        if let failure = audit.failure { return "the audit cannot be written: \(failure)" }
        // Then nothing can be opened: connections, files, processes.
        return ThisProcess.hasDescriptors ? nil : "the process has no descriptors left"
    }

    func health() -> Response { Answer.json(["status": "ok", "reason": .null]) }

    func readiness() throws(Problem) -> Response {
        if let ailment {
            throw Problem(status: 503, code: Problem.Code.unready.rawValue, detail: ailment)
        }
        return Answer.json(["status": "ok", "reason": .null])
    }

    func document() -> Response { Answer.json(OpenAPI.document(version: options.version)) }

    // MARK: Numbers

    func show() -> Response {
        let totals = node.system.totals()
        let load = node.control.load
        return Answer.json([
            "version": .string(options.version), "pid": .integer(ThisProcess.number),
            "started": .string(started.rfc3339), "data": .optional(options.dataDirectory),
            "actors": .integer(totals.actors),
            "totals": [
                "lives_started": .integer(totals.livesStarted),
                "lives_ended": .integer(totals.livesEnded.total), "calls": .integer(totals.calls),
                "errors": .integer(totals.errors), "fuel_used": .integer(totals.fuelUsed),
                "host_calls": .integer(totals.hostCalls), "memory": .integer(totals.memorySize),
            ],
            "dead_letters": Self.counts(totals.deadLetters),
            "commands": ["running": .integer(load.running), "waiting": .integer(load.waiting)],
        ])
    }

    func metrics() -> Response {
        let text = MetricsText(
            node.system.totals(), load: node.control.load, version: options.version)
        return Answer.bytes(Array(text.text.utf8), type: "text/plain; version=0.0.4")
    }

    func deadLetters() -> Response { Answer.json(letters()) }

    func followDeadLetters(_ call: Call, _ streams: ValueStreams) throws(Problem) -> Response {
        try streams.response(to: call) { [self] in ValueStream.Look(value: letters()) }
    }

    private func letters() -> JSONValue {
        [
            "counts": Self.counts(node.system.deadLetterCounts),
            "letters": .array(
                node.system.deadLetters.map { letter in
                    [
                        "number": .integer(letter.number), "time": .string(letter.time.rfc3339),
                        "sender": .string(Self.text(letter.sender)),
                        "target": .string(Self.text(letter.target)),
                        "kind": .string(letter.kind), "size": .integer(letter.size),
                        "code": .string(letter.code),
                    ]
                }),
        ]
    }

    /// The identity of an actor, or `external` for those who are none.
    private static func text(_ participant: ChannelParticipant) -> String {
        participant.actor?.description ?? "external"
    }

    private static func counts(_ counts: [String: UInt64]) -> JSONValue {
        .object(counts.sorted { $0.key < $1.key }.map { .init($0.key, .integer($0.value)) })
    }

    // MARK: Modules

    func putModule(_ call: Call) async throws(Problem) -> Response {
        guard ["application/wasm", "application/octet-stream"].contains(call.mediaType) else {
            throw Problem(.mediaType, "a module must be application/wasm, and Content-Type say so")
        }
        guard life.beginUpload(most: options.uploadsMax) else {
            throw Problem(
                .busy, "\(options.uploadsMax) modules are on their way already; try again later")
        }
        defer { life.endUpload() }
        let draft = try await draft()
        try await bodies.parts(
            of: call, sizeMax: options.moduleSizeMax, perMegabyte: .seconds(1)
        ) { [node] part in
            let expected = Self.magic.dropFirst(Int(clamping: draft.size)).prefix(part.count)
            guard part.starts(with: expected) else { return .failure(Self.noModule) }
            return await node.store.perform { (_) throws(StoreError) in try draft.append(part) }
                .mapError { Problem($0) }
        }
        guard draft.size >= Self.magic.count else { throw Self.noModule }
        switch await node.store.perform({ (store) throws(StoreError) in
            try store.put(draft, in: .modules, label: StoreLabel("\(draft.id)"))
        }) {
        case .success(let id):
            return Answer.json(
                ["digest": .string(id.description), "size": .integer(draft.size)], status: 201)
        case .failure(let error): throw Problem(error)
        }
    }

    private func draft() async throws(Problem) -> ContentDraft {
        switch await node.store.perform({ (store) throws(StoreError) in try store.draft() }) {
        case .success(let draft): return draft
        case .failure(let error): throw Problem(error)
        }
    }

    /// What every module begins with.
    private static let magic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]

    private static let noModule = Problem(
        status: 422, code: ActorError.Code.module.rawValue,
        detail: "the body is no WebAssembly module; build the actor, and send its .wasm file")

    func module(_ call: Call) async throws(Problem) -> Response {
        guard let id = ContentID(call.place("digest")) else {
            throw Problem(.parameter, "a module is named by 64 hexadecimal digits")
        }
        switch await node.store.perform({ (store) throws(StoreError) in
            try store.size(of: id, in: .modules)
        }) {
        case .success(let size?):
            return Answer.json(["digest": .string(id.description), "size": .integer(size)])
        case .success(nil):
            throw Problem(
                status: 404, code: Problem.Code.unknownModule.rawValue,
                detail: "the node does not keep the module \(id); send it to /v1/modules")
        case .failure(let error): throw Problem(error)
        }
    }
}

extension StoreNamespace {
    /// Where modules wait that clients sent.
    static let modules = StoreNamespace("theater.modules") ?? .code
}
