// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPact
import TheaterPlatform
import TheaterRuntime
import TheaterTesting
import TheaterValue

@testable import TheaterReplay

/// Goal: what two chains' actors hold is told apart. Method: memory of real guests, and random calls of the
/// store against a model.
@Suite("What tells actors apart", .timeLimit(.minutes(1)))
struct DiffTests {
    @Test("two guests' memories differ in the pages that only one of them wrote")
    func memory() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.counter()) {
            $0.manifest.handlers = ["runtime", "store"].map { HandlerGrant(type: $0) }
        }
        for _ in 1...3 { try await theatre.system.call(id, Guests.name("count")) }
        let reader = try await theatre.node.journal.reader()
        let replayer = Replayer(
            engine: theatre.system.engine, library: theatre.library,
            options: Node.registry([TryHandler.self]).replayOptions())
        func memory(_ last: UInt64) async throws -> MemoryPages {
            try await replayer.memory(
                at: try ChainLineage(of: id, upTo: last, in: reader).lastLife())
        }
        let places = theatre.system.engine.guestsLive
        let start = try await memory(0)
        #expect(start.count > 0)
        let second = try await memory(4)
        let again = try await memory(4)
        #expect(MemoryPages.difference(second, again).count == 0)
        let difference = MemoryPages.difference(start, second)
        #expect(difference.count > 0 && difference.count < start.count)
        #expect(difference.leftCount == start.count)
        await #expect(throws: ReplayError.self) { _ = try await memory(3) }
        #expect(theatre.system.engine.guestsLive == places)
    }

    @Test("ranges of pages are what comparing each page finds")
    func ranges() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<2000 {
            func pages() -> MemoryPages {
                MemoryPages(
                    digests: (0..<Int(random.next() % 12)).map { _ in [UInt8(random.next() % 2)] })
            }
            let (left, right) = (pages(), pages())
            let difference = MemoryPages.difference(left, right)
            let expected = (0..<max(left.count, right.count)).filter {
                $0 >= left.count || $0 >= right.count || left.digests[$0] != right.digests[$0]
            }
            #expect(difference.ranges.flatMap { Array($0) } == expected, "seed \(seed)")
            #expect(difference.count == expected.count, "seed \(seed)")
            for (one, next) in zip(difference.ranges, difference.ranges.dropFirst()) {
                #expect(one.upperBound < next.lowerBound, "seed \(seed)")
            }
        }
    }

    /// One call of the store as the model understands it.
    private struct StoreCall {
        let function: String
        let arguments: [Value]
        let answer: Value
    }

    private static func digest(_ number: UInt64) -> String {
        Digest.sha256(of: [UInt8(number & 3)]).description
    }

    /// Makes a random call, and does it in a model.
    private func call(
        _ random: inout SplitMix, in store: String, own: String,
        _ content: inout Set<String>, _ labels: inout [String: String]
    ) -> StoreCall {
        let place = store == own ? "" : store + "/"
        let (label, digest) = ("label-\(random.next() % 3)", Self.digest(random.next()))
        let name = place + label
        let isRefused = random.next() % 8 == 0
        func call(_ function: String, _ rest: [Value], _ answer: Value, _ done: () -> Void)
            -> StoreCall
        {
            if !isRefused { done() }
            return StoreCall(
                function: function, arguments: [.string(store)] + rest,
                answer: .result(
                    ok: .string, err: .string,
                    isRefused ? .err(.string("no [store.quota]")) : .ok(answer)))
        }
        switch random.next() % 7 {
        case 0:
            return call("store", [.bytes([1])], .string(digest)) { content.insert(place + digest) }
        case 1:
            return call("label", [.string(label), .string(digest)], .unit) {
                labels[name] = digest
                content.insert(place + digest)
            }
        case 2:
            return call("store-at-label", [.string(label), .bytes([1])], .string(digest)) {
                labels[name] = digest
                content.insert(place + digest)
            }
        case 3: return call("remove-label", [.string(label)], .unit) { labels[name] = nil }
        case 4:
            return call("remove-from-label", [.string(label), .string(digest)], .unit) {
                if labels[name] == digest { labels[name] = nil }
            }
        case 5:
            let isSet = random.next() % 2 == 0
            let target: Value = .option(.string, .string(digest))
            return call(
                "compare-and-set-label", [.string(label), .option(.string, nil), target],
                .bool(isSet)
            ) {
                guard isSet else { return }
                labels[name] = digest
                content.insert(place + digest)
            }
        default:
            return call("forget", [.string(digest)], .bool(true)) {
                content.remove(place + digest)
            }
        }
    }

    @Test("the references of random calls of the store are those of a model")
    func references() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(seed: seed)
        for _ in 0..<100 {
            let journal = Journal.inMemory()
            let actor = ActorID.random()
            let writer = try journal.makeChain(actor: actor, name: "model", durability: .memory)
            var content: Set<String> = []
            var labels: [String: String] = [:]
            for _ in 0..<Int(random.next() % 40) {
                let store = random.next() % 2 == 0 ? actor.description : "shared"
                let call = call(
                    &random, in: store, own: actor.description, &content, &labels)
                let interface =
                    ["compare-and-set-label", "remove-from-label", "forget"].contains(call.function)
                    ? "theater:simple/store-labels" : "theater:simple/store"
                let input = try CGRF.encode(.tuple(call.arguments))
                let output = try CGRF.encode(call.answer)
                if random.next() % 2 == 0 {
                    try writer.append(
                        .hostCall(
                            interface: interface, function: call.function, input: input,
                            output: output))
                } else {
                    let intent = try writer.append(
                        .intent(
                            interface: interface, function: call.function, input: input,
                            effect: .once, policy: .fail))
                    try writer.append(
                        .outcome(
                            interface: interface, function: call.function,
                            intent: intent.sequence, output: output))
                }
            }
            let events = ReplayEvents(try await journal.events(of: actor))
            let references = try StoreReferences(events)
            #expect(Set(references.content.map(\.description)) == content, "seed \(seed)")
            let found = Dictionary(
                uniqueKeysWithValues: references.labels.map { ($0.key.description, $0.value) })
            #expect(found == labels, "seed \(seed)")
        }
    }
}
