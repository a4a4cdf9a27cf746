// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterStore

/// What there is of each kind beside the live actors: children, chains, and what the store holds.
struct ListRoutes: Sendable {
    let node: ServedNode
    private var lookup: ActorLookup { ActorLookup(node: node) }

    private static func limit(_ call: Call) throws(Problem) -> Int {
        try call.integer("limit", in: 1...10_000) ?? 100
    }

    // MARK: Children

    func children(_ call: Call) throws(Problem) -> Response {
        let id = try lookup.live(call.place("actor"))
        do throws(ActorError) {
            let children = try node.system.tree(below: id).children
            return Answer.json(["children": .array(children.map { ActorJSON.tree($0) })])
        } catch {
            throw Problem(error)
        }
    }

    // MARK: Chains

    func chains(_ call: Call) throws(Problem) -> Response {
        let limit = try Self.limit(call)
        var chains = node.journal.actors()[...]
        if try call.flag("newest") { chains.reverse() }
        if let cursor = call.parameter("cursor") {
            guard let id = ActorID(cursor),
                let last = chains.firstIndex(where: { $0.actor == id })
            else { throw Self.badCursor }
            chains = chains[(last + 1)...]
        }
        if let name = call.parameter("name") { chains = chains.filter { $0.name == name }[...] }
        let page = chains.prefix(limit)
        return Answer.json([
            "chains": .array(page.map(Self.chain)),
            "next": .optional(chains.count > limit ? page.last?.actor.description : nil),
        ])
    }

    func chain(_ call: Call) throws(Problem) -> Response {
        let id = try lookup.recorded(call.place("actor"))
        guard let chain = node.journal.actors().first(where: { $0.actor == id }) else {
            throw Problem(
                status: 404, code: ActorError.Code.notFound.rawValue,
                detail: "\(id) has no chain; list those that there are")
        }
        return Answer.json(Self.chain(chain))
    }

    private static func chain(_ chain: ChainSummary) -> JSONValue {
        [
            "actor": .string(chain.actor.description), "name": .optional(chain.name),
            "count": .integer(chain.count), "head": .string(chain.head.description),
            "first_time": .optional(chain.firstTime?.rfc3339),
            "last_time": .optional(chain.lastTime?.rfc3339), "in_memory": .bool(chain.isInMemory),
        ]
    }

    private static let badCursor = Problem(
        .parameter, "'cursor' must be 'next' of the page before")

    // MARK: The store

    func namespaces(_ call: Call) async throws(Problem) -> Response {
        let limit = try Self.limit(call)
        let usage = try await read { (store) throws(StoreError) in try store.usage() }
        let rest = Self.rest(usage, behind: call.parameter("cursor"), \.namespace.name)
        let page = rest.prefix(limit)
        return Answer.json([
            "namespaces": .array(
                page.map {
                    [
                        "name": .string($0.namespace.name), "contents": .integer($0.count),
                        "size": .integer($0.size), "labels": .integer($0.labelCount),
                    ]
                }),
            "next": .optional(rest.count > limit ? page.last?.namespace.name : nil),
        ])
    }

    func labels(_ call: Call) async throws(Problem) -> Response {
        let limit = try Self.limit(call)
        let name = call.place("namespace")
        let labels = try await read { (store) throws(StoreError) in
            try store.labels(of: StoreNamespace.parse(name))
        }
        let rest = Self.rest(labels, behind: call.parameter("cursor"), \.label.text)
        let page = rest.prefix(limit)
        return Answer.json([
            "labels": .array(
                page.map {
                    [
                        "label": .string($0.label.text), "digest": .string($0.id.description),
                    ]
                }),
            "next": .optional(rest.count > limit ? page.last?.label.text : nil),
        ])
    }

    /// What comes behind a name, in the order of the names' bytes, whoever came or went.
    private static func rest<Element>(
        _ all: [Element], behind cursor: String?, _ name: (Element) -> String
    ) -> ArraySlice<Element> {
        guard let cursor else { return all[...] }
        return all.drop { !cursor.utf8.lexicographicallyPrecedes(name($0).utf8) }
    }

    private func read<Value: Sendable>(
        _ body: @escaping @Sendable (ContentStore) throws(StoreError) -> Value
    ) async throws(Problem) -> Value {
        switch await node.store.perform(body) {
        case .success(let value): return value
        case .failure(let error): throw Problem(error)
        }
    }
}
