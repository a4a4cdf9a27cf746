// SPDX-License-Identifier: Apache-2.0

import Logging
import Testing
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPact
import TheaterPlatform
import TheaterStore
import TheaterValue

@Suite("The handler store")
struct StoreHandlerTests {
    private struct NoCell: CellPort {
        func requestShutdown(result: [UInt8]?) {}
        func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
        func exports(_ function: String) -> Bool { false }
        func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
            .failure(CallbackError(.absent, "no"))
        }
    }

    private static let actor = ActorID(high: 1, low: 2)

    /// A handler with these keys.
    private func handler(
        _ keys: [String: ManifestValue] = [:], store: ContentStore? = .inMemory()
    ) throws -> StoreHandler {
        var services = HandlerServices()
        if let store { services.provide(store) }
        let context = HandlerContext(
            actorID: Self.actor, actorName: "test",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, cell: NoCell(),
            services: services)
        var reader = HandlerGrant(type: "store", configuration: keys).reader()
        return try StoreHandler(grant: &reader, context: context)
    }

    private func answer(
        _ handler: StoreHandler, _ function: String, _ arguments: [Value]
    ) async -> Result<Value, HostError> {
        switch handler.answer(
            HostCall(interface: "theater:simple/store", function: function, arguments: arguments))
        {
        case .value(let value), .redacted(let value, _), .withheld(_, let value): .success(value)
        case .failure(let error), .denied(let error): .failure(error)
        case .later(let operation): await operation()
        case .parked(let start):
            await withCheckedContinuation { continuation in
                start(HostAnswering { continuation.resume(returning: $0) })
            }
        }
    }

    @Test("its interface has the hash that actors of the Rust system were built against")
    func hash() throws {
        let interfaces = StoreHandler.interfaces
        #expect(interfaces.map(\.name) == ["theater:simple/store", "theater:simple/store-labels"])
        let base = try #require(interfaces.first)
        #expect(
            "\(base.pact.hash(rules: .host))"
                == "bea2dcf56801906d7024fc5f167e6e55d614c9cc2b63a666e889e58005a62246")
        #expect(base.pact.functions.count == 13)
        #expect(base.suspending.count == 12, "all but `new` may wait for the disk")
    }

    @Test("an actor's store is its own, or the one that the manifest names")
    func namespace() async throws {
        let own = try await answer(try handler(), "new", []).get()
        #expect(own.asResult.flatMap(Self.ok)?.asString == "\(Self.actor)")
        let shared = try await answer(
            try handler(["store_id": .string("pages")]), "new", []
        ).get()
        #expect(shared.asResult.flatMap(Self.ok)?.asString == "pages")
    }

    @Test(
        "a store_id that leads elsewhere is refused",
        arguments: [
            "", "..", "../x", "a/b", "/etc", "a b", ".hidden", "é",
            String(repeating: "x", count: 65),
            "00000000-0000-0001-0000-000000000003", "00000000-0000-0001-0000-000000000002",
        ])
    func badStoreID(id: String) throws {
        let error = #expect(throws: ManifestDiagnostics.self) {
            _ = try handler(["store_id": .string(id)])
        }
        #expect(error?.diagnostics.first?.code == .invalidValue)
        #expect(error?.description.contains("store_id") == true)
    }

    @Test("keys it does not have, and quotas out of bounds, are refused")
    func badKeys() {
        let wrong: [[String: ManifestValue]] = [
            ["base_path": .string("/tmp")], ["quota": .string("lots")], ["quota": .integer(-1)],
            ["count_max": .integer(0)], ["count_max": .integer(1_000_001)],
            ["count_max": .string("5")],
        ]
        for keys in wrong {
            #expect(throws: ManifestDiagnostics.self, "\(keys)") { _ = try handler(keys) }
        }
        #expect(throws: Never.self) {
            _ = try handler(["quota": .string("64MiB"), "count_max": .integer(1_000_000)])
        }
    }

    @Test("a node without a store says so")
    func unavailable() async throws {
        let handler = try handler(store: nil)
        let failed = await answer(handler, "list-labels", [.string("\(Self.actor)")])
        #expect(throws: HostError.self) { try failed.get() }
        guard case .failure(let error) = failed else { return }
        #expect(error.code == "store.unavailable")
    }

    @Test("another store is denied at once, and arguments of another type are refused")
    func refused() async throws {
        let handler = try handler()
        let id = Value.string("\(Self.actor)")
        for name in [
            "pages", "", "..", "../" + "\(Self.actor)", "\(Self.actor)/", "\(ActorID.random())",
        ] {
            let reply = handler.answer(
                HostCall(
                    interface: "theater:simple/store", function: "get",
                    arguments: [.string(name), .string("x")]))
            guard case .denied(let error) = reply else {
                Issue.record("'\(name)' was not denied")
                continue
            }
            #expect(error.code == "store.denied")
        }
        let wrong: [(String, [Value])] = [
            ("store", []), ("store", [.u32(1)]), ("store", [id]), ("store", [id, .u32(1)]),
            ("get", [id]), ("get", [id, .u32(1)]), ("label", [id, .string("x")]),
            ("nonsense", [id]),
            ("nonsense", [id, .string("x")]), ("compare-and-set-label", [id, .string("x")]),
            ("compare-and-set-label", [id, .string("x"), .string("y"), .string("z")]),
        ]
        for (function, arguments) in wrong {
            let failed = await answer(handler, function, arguments)
            guard case .failure(let error) = failed else {
                Issue.record("\(function) \(arguments) was answered")
                continue
            }
            #expect(error.code == "store.wrong-argument", "\(function)")
        }
    }

    @Test("content beyond what can be recorded is refused, in either direction")
    func tooLarge() async throws {
        let store = ContentStore.inMemory()
        let handler = try handler(store: store)
        let id = Value.string("\(Self.actor)")
        let largest = [UInt8](repeating: 1, count: StoreHandler.contentSizeMax)
        #expect(throws: Never.self) { try store.put(largest, in: StoreNamespace(of: Self.actor)) }
        let stored = await answer(handler, "store", [id, .bytes(largest)])
        #expect(throws: Never.self) { try stored.get() }
        for function in ["store", "store-at-label", "replace-content-at-label"] {
            let label = function == "store" ? [] : [Value.string("l")]
            let failed = await answer(handler, function, [id] + label + [.bytes(largest + [2])])
            guard case .failure(let error) = failed else {
                Issue.record("\(function) took it")
                continue
            }
            #expect(error.code == "store.too-large")
        }
        // Somebody else may have put it there.
        let larger = try store.put(largest + [2], in: StoreNamespace(of: Self.actor))
        let failed = await answer(handler, "get", [id, .string("\(larger)")])
        guard case .failure(let error) = failed else {
            return #expect(Bool(false), "it was handed over")
        }
        #expect(error.code == "store.too-large")
    }

    // Goal: what others put into a shared namespace ends nobody. Method: more labels than a list may have,
    // put there past the handler.
    @Test("a list beyond what can be recorded is refused, and everything else goes on")
    func tooLargeList() async throws {
        let store = ContentStore.inMemory()
        let space = try #require(StoreNamespace("pages"))
        let id = try store.put([1], in: space)
        let rest = String(repeating: "x", count: 500)
        let count = StoreHandler.listSizeMax / (500 + 24) + 1
        for number in 0..<count {
            try store.setLabel(try #require(StoreLabel("\(number)-\(rest)")), to: id, in: space)
        }
        let handler = try handler(["store_id": .string("pages")], store: store)
        let failed = await answer(handler, "list-labels", [.string("pages")])
        guard case .failure(let error) = failed else {
            return #expect(Bool(false), "it was handed over")
        }
        #expect(error.code == "store.too-large")
        #expect(error.message.contains("a list of \(count) labels takes"), "\(error.message)")
        let target = await answer(
            handler, "get-by-label", [.string("pages"), .string("7-\(rest)")])
        #expect(throws: Never.self) { try target.get() }
        let contents = await answer(handler, "list-all-content", [.string("pages")])
        #expect(throws: Never.self) { try contents.get() }
    }

    private static func ok(_ payload: Value.ResultPayload) -> Value? {
        if case .ok(let value) = payload { value } else { nil }
    }
}
