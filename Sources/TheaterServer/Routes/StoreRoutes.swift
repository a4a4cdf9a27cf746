// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Synchronization
internal import TheaterAPI
internal import TheaterRuntime
internal import TheaterStore

/// What the node's store is given and asked for: modules, and content of the namespaces.
struct StoreRoutes: Sendable {
    let node: ServedNode
    let options: ServerOptions
    let bodies: Bodies
    let life: ServerLife

    // MARK: Modules

    func putModule(_ call: Call) async throws(Problem) -> Response {
        guard ["application/wasm", "application/octet-stream"].contains(call.mediaType) else {
            throw Problem(.mediaType, "a module must be application/wasm, and Content-Type say so")
        }
        return try await keep(call, sizeMax: options.moduleSizeMax, magic: Self.magic) {
            (store, draft) throws(StoreError) in
            try store.put(draft, in: .modules, label: StoreLabel("\(draft.id)"))
        }
    }

    /// What every module begins with.
    private static let magic: [UInt8] = [0x00, 0x61, 0x73, 0x6D]

    private static let noModule = Problem(
        status: 422, code: ActorError.Code.module.rawValue,
        detail: "the body is no WebAssembly module; build the actor, and send its .wasm file")

    func module(_ call: Call) async throws(Problem) -> Response {
        let id = try digest(call.place("digest"))
        let size = try await perform { (store) throws(StoreError) in
            try store.size(of: id, in: .modules)
        }
        guard let size else {
            throw Problem(
                status: 404, code: Problem.Code.unknownModule.rawValue,
                detail: "the node does not keep the module \(id); send it to /v1/modules")
        }
        return Answer.json(["digest": .string(id.description), "size": .integer(size)])
    }

    // MARK: Content

    func putContent(_ call: Call) async throws(Problem) -> Response {
        let namespace = try namespace(call)
        let label = try label(call)
        return try await keep(call, sizeMax: StoreOptions().contentSizeMax) {
            (store, draft) throws(StoreError) in
            try store.put(draft, in: namespace, label: label)
        }
    }

    func content(_ call: Call) async throws(Problem) -> Response {
        let namespace = try namespace(call)
        let id = try digest(call.place("digest"))
        guard let place = Download(life, most: options.downloadsMax) else {
            throw Problem(
                .busy, "\(options.downloadsMax) contents are on their way already; try again later")
        }
        let content = try await perform { (store) throws(StoreError) in
            try store.get(id, in: namespace)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: ResponseBody(contentLength: content.count) { writer in
                try await writer.write(ByteBuffer(bytes: content))
                try await writer.finish(nil)
                place.end()
            })
    }

    /// The place of content that is in memory until it is sent, or nobody wants it any more.
    private final class Download: Sendable {
        private let life: ServerLife
        private let isOver = Atomic<Bool>(false)

        /// - Returns: `nil` when there is no place.
        init?(_ life: ServerLife, most: Int) {
            guard life.beginDownload(most: most) else { return nil }
            self.life = life
        }

        func end() {
            if !isOver.exchange(true, ordering: .relaxed) { life.endDownload() }
        }

        deinit { end() }
    }

    // MARK: Labels

    func setLabel(_ call: Call) async throws(Problem) -> Response {
        let namespace = try namespace(call)
        let label = try requiredLabel(call)
        let id = try digest(call.parameter("digest") ?? "")
        let expected = try expectation(call)
        try await perform { (store) throws(StoreError) in
            guard let expected else {
                return try store.setLabel(label, to: id, in: namespace)
            }
            guard try store.compareAndSetLabel(label, from: expected, to: id, in: namespace)
            else {
                throw .conflict(label, found: try store.target(of: label, in: namespace))
            }
        }
        return Answer.json([
            "label": .string(label.text), "digest": .string(id.description),
        ])
    }

    func removeLabel(_ call: Call) async throws(Problem) -> Response {
        let namespace = try namespace(call)
        let label = try requiredLabel(call)
        let expected = try expectation(call)
        try await perform { (store) throws(StoreError) in
            let wasThere = try store.target(of: label, in: namespace)
            if let expected, expected != wasThere { throw .conflict(label, found: wasThere) }
            guard let wasThere,
                try store.removeLabel(label, naming: wasThere, in: namespace)
            else { throw .unlabelled(label, namespace) }
        }
        return Answer.nothing(status: 204)
    }

    // MARK: What is asked

    /// The namespace that is meant, which must be neither one of the node's own nor a single actor's.
    private func namespace(_ call: Call) throws(Problem) -> StoreNamespace {
        let namespace = try translating { () throws(StoreError) in
            try StoreNamespace.parse(call.place("namespace"))
        }
        guard !namespace.isSystem else {
            throw Problem(
                .parameter, "'\(namespace.name)' is the node's own; name another namespace")
        }
        guard !namespace.isPrivate else {
            throw Problem(
                .parameter,
                "'\(namespace.name)' belongs to one actor alone; name a namespace that actors share"
            )
        }
        return namespace
    }

    private func label(_ call: Call) throws(Problem) -> StoreLabel? {
        guard let text = call.parameter("label") else { return nil }
        return try translating { () throws(StoreError) in try StoreLabel.parse(text) }
    }

    private func requiredLabel(_ call: Call) throws(Problem) -> StoreLabel {
        guard let label = try label(call) else {
            throw Problem(.parameter, "'label' must say which label is meant")
        }
        return label
    }

    private func digest(_ text: String) throws(Problem) -> ContentID {
        guard let id = ContentID(text) else {
            throw Problem(.parameter, "content is named by 64 hexadecimal digits")
        }
        return id
    }

    /// What the label must name for a change; `nil` inside for nothing.
    private func expectation(_ call: Call) throws(Problem) -> ContentID?? {
        guard let text = call.parameter("expect") else { return nil }
        if text == "none" { return .some(nil) }
        return .some(try digest(text))
    }

    // MARK: The store

    /// Keeps a body as it comes.
    ///
    /// - Parameter magic: what it must begin with.
    private func keep(
        _ call: Call, sizeMax: Int, magic: [UInt8] = [],
        _ put: @escaping @Sendable (ContentStore, ContentDraft) throws(StoreError) -> ContentID
    ) async throws(Problem) -> Response {
        guard life.beginUpload(most: options.uploadsMax) else {
            throw Problem(
                .busy, "\(options.uploadsMax) bodies are on their way already; try again later")
        }
        defer { life.endUpload() }
        let draft = try await perform { (store) throws(StoreError) in try store.draft() }
        try await bodies.parts(of: call, sizeMax: sizeMax, perMegabyte: .seconds(1)) {
            [node] part in
            let expected = magic.dropFirst(Int(clamping: draft.size)).prefix(part.count)
            guard part.starts(with: expected) else { return .failure(Self.noModule) }
            return await node.store.perform { (_) throws(StoreError) in try draft.append(part) }
                .mapError { Problem($0) }
        }
        guard draft.size >= magic.count else { throw Self.noModule }
        let id = try await perform { (store) throws(StoreError) in try put(store, draft) }
        return Answer.json(
            ["digest": .string(id.description), "size": .integer(draft.size)], status: 201)
    }

    private func perform<Value: Sendable>(
        _ body: @escaping @Sendable (ContentStore) throws(StoreError) -> Value
    ) async throws(Problem) -> Value {
        switch await node.store.perform(body) {
        case .success(let value): return value
        case .failure(let error): throw Problem(error)
        }
    }

    private func translating<Value>(
        _ body: () throws(StoreError) -> Value
    ) throws(Problem) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw Problem(error)
        }
    }
}

extension StoreNamespace {
    /// Where modules wait that clients sent.
    static let modules = StoreNamespace("theater.modules") ?? .code
}
