// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import TheaterChain
import TheaterEngine
import TheaterManifest
import TheaterPlatform
import TheaterReplay
import TheaterRuntime
import TheaterTesting
import TheaterValue

@Suite("Divergence", .serialized, .timeLimit(.minutes(2)))
struct DivergenceTests {
    /// A chain with an event of every kind that calls make.
    private func recorded(_ theatre: Theatre) async throws -> [ChainEvent] {
        let id = try await theatre.spawn(try Guests.all())
        for function in ["same", "deny", "many", "echo"] {
            _ = try? await theatre.system.call(id, Guests.name(function), [.string("hello")])
        }
        _ = try? await theatre.system.call(id, Guests.name("refuse"), [.string("x")])
        _ = try? await theatre.system.call(id, Guests.name("trap"), [.string("x")])
        _ = try? await theatre.system.stop(id)
        return try await theatre.events(of: id)
    }

    @Test("an event that is altered, swapped, left out or repeated is named")
    func altered() async throws {
        let theatre = try Theatre()
        let events = try await recorded(theatre)
        #expect(try await theatre.replay(events).isFaithful)
        var random = SplitMix(seed: 0x5EED)
        for index in events.indices {
            var payload = try #require(events[index].payload)
            payload[Int(random.next() % UInt64(payload.count))] ^= 1 << UInt8(random.next() % 8)
            var chain = events
            chain[index] = events[index].altered(payload: payload)
            let verdict = try await theatre.replay(chain)
            #expect(verdict.divergence?.kind == .alteredEvent)
            #expect(verdict.divergence?.sequence == UInt64(index))
            #expect(verdict.counts.events == UInt64(index))

            var missing = events
            missing.remove(at: index)
            if index > 0, index < events.count - 1 {
                #expect(try await theatre.replay(missing).divergence?.sequence == UInt64(index))
                var swapped = events
                swapped.swapAt(index, index + 1)
                #expect(try await theatre.replay(swapped).divergence?.sequence == UInt64(index))
            }
            var repeated = events
            repeated.insert(events[index], at: index)
            #expect(try await theatre.replay(repeated).divergence?.sequence == UInt64(index) + 1)
        }
    }

    @Test("a chain that was forged with fitting hashes does not fit the code")
    func forged() async throws {
        let theatre = try Theatre()
        let events = try await recorded(theatre)
        let other = try CGRF.encode(.string("forged"))
        var forgeries = 0
        for (index, event) in events.enumerated() {
            for (payload, kind) in try Self.forgeries(of: event, other) {
                forgeries += 1
                let verdict = try await theatre.replay(forging(events, at: index, payload))
                let divergence = verdict.divergence
                if let kind {
                    #expect(divergence?.kind == kind, "\(index) \(payload)")
                    #expect(divergence?.sequence == UInt64(index), "\(index) \(payload)")
                } else {
                    // What the guest was given is seen in what it makes of it.
                    #expect((divergence?.sequence ?? 0) > UInt64(index), "\(index) \(payload)")
                }
            }
        }
        #expect(forgeries > 30)
    }

    /// A chain of effects: one with an outcome, one that broke, and one that was settled.
    private func effects(_ theatre: Theatre, _ last: String) async throws -> [ChainEvent] {
        let id = try await theatre.spawn(try Guests.all()) {
            $0.name = last
            $0.manifest.handlers = [HandlerGrant(type: "try", inDoubt: .fail)]
        }
        try await theatre.system.call(id, Guests.name("put"), [.string("hello")])
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        TryHandler.waiting.withLock { $0 = arrival }
        async let call = try? theatre.system.call(id, Guests.name(last), [.string("x")])
        if last == "hang" {
            for await _ in arrived { break }
            _ = try await theatre.system.terminate(id)
        }
        #expect(await call == nil)
        _ = try? await theatre.system.stop(id)
        return try await theatre.events(of: id)
    }

    @Test("what a chain says of an effect is compared: its call, its outcome, what became of it")
    func forgedEffects() async throws {
        let theatre = try Theatre()
        let other = try CGRF.encode(.string("forged"))
        for last in ["burn", "hang"] {
            let events = try await effects(theatre, last)
            let verdict = try await theatre.replay(events)
            #expect(verdict.isFaithful, "\(String(describing: verdict.divergence))")
            var kinds: Set<EventPayload.Kind> = []
            for (index, event) in events.enumerated() {
                let payload = try #require(try event.decodedPayload())
                let forgeries = Self.effectForgeries(payload, at: index, other)
                if !forgeries.isEmpty, let kind = event.payload.flatMap(EventPayload.kind) {
                    kinds.insert(kind)
                }
                for (payload, kind) in forgeries {
                    let verdict = try await theatre.replay(forging(events, at: index, payload))
                    let divergence = try #require(verdict.divergence, "\(index) \(payload)")
                    if let kind {
                        #expect(divergence.kind == kind, "\(index) \(payload)")
                        #expect(divergence.sequence == UInt64(index), "\(index) \(payload)")
                    } else {
                        #expect(divergence.sequence > UInt64(index), "\(index) \(payload)")
                    }
                }
                // An outcome that is not there any more.
                if case .outcome = payload {
                    let short = reforged(Array(events[..<index] + events[(index + 1)...]))
                    let found = try await theatre.replay(short).divergence
                    #expect(found?.kind == .unexpectedEvent)
                    #expect(found?.sequence == UInt64(index))
                }
            }
            #expect(kinds.count == 3, "\(kinds)")
        }
    }

    private static func effectForgeries(
        _ payload: EventPayload, at index: Int, _ other: [UInt8]
    ) -> [(EventPayload, ReplayDivergence.Kind?)] {
        switch payload {
        case .intent(let interface, let function, let input, let effect, let policy):
            [
                (
                    .intent(
                        interface: interface, function: function, input: other, effect: effect,
                        policy: policy), .otherInput
                ),
                (
                    .intent(
                        interface: interface, function: "same", input: input, effect: effect,
                        policy: policy), .otherCall
                ),
                (
                    .hostCall(
                        interface: interface, function: "same", input: input, output: other),
                    .otherCall
                ),
            ]
        case .outcome(let interface, let function, let intent, let output):
            [
                (
                    .outcome(
                        interface: interface, function: function, intent: intent, output: other),
                    nil
                ),
                (
                    .outcome(
                        interface: interface, function: function, intent: intent + 1,
                        output: output), .unexpectedEvent
                ),
                (
                    .outcomeError(
                        interface: interface, function: function, intent: intent, message: "m"),
                    nil
                ),
                (.settled(intent: intent, as: .failed, note: "n"), nil),
            ]
        case .outcomeError(let interface, let function, let intent, let message):
            [
                (
                    .outcomeError(
                        interface: interface, function: function, intent: intent,
                        message: "more: " + message), nil
                ),
                (
                    .outcomeError(
                        interface: interface, function: function, intent: intent + 1,
                        message: message), .unexpectedEvent
                ),
                (
                    .outcome(
                        interface: interface, function: function, intent: intent, output: other),
                    nil
                ),
                // Nobody ended the actor, so what follows is the code's doing.
                (.settled(intent: intent, as: .failed, note: "n"), nil),
            ]
        case .settled(let intent, let settlement, let note):
            [
                (
                    .settled(intent: intent + 1, as: settlement, note: note), .unexpectedEvent
                )
            ]
        default: []
        }
    }

    @Test("a limit that was not reached, or another one, is found")
    func forgedLimits() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all()) {
            $0.manifest.limits.fuelPerCall = 3_000_000
        }
        _ = try? await theatre.system.call(id, Guests.name("spin"), [.string("x")])
        let events = try await theatre.events(of: id)
        let index = try #require(
            events.firstIndex { $0.type == EventType.limit.name })
        guard case .limit(let kind, let message)? = try events[index].decodedPayload() else {
            Issue.record("no limit")
            return
        }
        for payload in [
            EventPayload.limit(kind: kind, message: message + "."),
            .limit(kind: "engine.trap", message: message),
        ] {
            let divergence = try await theatre.replay(forging(events, at: index, payload))
                .divergence
            #expect(divergence?.kind == .otherEnd)
            #expect(divergence?.sequence == UInt64(index))
        }
    }

    /// Other payloads for an event, with the divergence at it, or `nil` when it comes later.
    private static func forgeries(
        of event: ChainEvent, _ other: [UInt8]
    ) throws -> [(EventPayload, ReplayDivergence.Kind?)] {
        switch try #require(try event.decodedPayload()) {
        case .called(let function, _, let fuel, let deadline):
            var forged: [(EventPayload, ReplayDivergence.Kind?)] = [
                (
                    .called(
                        function: "test:guest/guest.none", parameters: other, fuel: fuel,
                        deadlineNanoseconds: deadline), .unknownFunction
                )
            ]
            if !function.hasSuffix("refuse") {
                forged.append(
                    (
                        .called(
                            function: function, parameters: other, fuel: fuel,
                            deadlineNanoseconds: deadline), nil
                    ))
            }
            return forged
        case .returned(let function, let output, let state, let fuelUsed):
            return [
                (
                    .returned(
                        function: function, output: other, state: state, fuelUsed: fuelUsed),
                    .otherAnswer
                ),
                (
                    .returned(
                        function: function, output: output, state: state, fuelUsed: fuelUsed + 1),
                    .otherFuel
                ),
                (.failed(function: function, kind: "actor.crashed", message: "?"), .otherEnd),
                // It is not too large.
                (.failed(function: function, kind: "actor.too-large", message: "?"), .otherEnd),
            ]
        case .failed(let function, let kind, let message):
            // Texts that contain what is said now.
            let longer = message.replacing("or: ", with: "or: more: ", maxReplacements: 1)
            return [
                (
                    .failed(function: function, kind: kind, message: longer),
                    kind == "actor.guest-error" ? .otherAnswer : .otherEnd
                ),
                (
                    .failed(function: function, kind: kind, message: message + " and more"),
                    kind == "actor.guest-error" ? .otherAnswer : .otherEnd
                ),
                (
                    .failed(function: function, kind: kind, message: "another message"),
                    kind == "actor.guest-error" ? .otherAnswer : .otherEnd
                ),
                (
                    .returned(function: function, output: other, state: nil, fuelUsed: 1),
                    .otherEnd
                ),
            ]
        case .hostCall(let interface, let function, _, let output):
            return [
                (
                    .hostCall(
                        interface: interface, function: function, input: other, output: output),
                    .otherInput
                ),
                (
                    .hostCall(
                        interface: interface, function: "other", input: other, output: output),
                    .otherCall
                ),
            ]
        case .hostError(let interface, let function, let input, _):
            return [
                (
                    .hostError(
                        interface: interface, function: function, input: other, message: "m"),
                    .otherInput
                ),
                (
                    .hostError(
                        interface: interface, function: function, input: input, message: "m"), nil
                ),
            ]
        case .denied(_, let reason):
            return [(.denied(what: "test:try/try.same", reason: reason), .otherCall)]
        case .spawned, .forked, .limit, .exited, .intent, .outcome, .outcomeError, .settled,
            .note, .upgrade:
            return []
        }
    }

    @Test("other code is told apart by what it does: more calls, fewer, another answer")
    func otherCode() async throws {
        let theatre = try Theatre()
        let id = try await theatre.spawn(try Guests.all())
        try await theatre.system.call(id, Guests.name("many"), [.string("hello there")])
        let events = try await theatre.events(of: id)
        let original = try Engine.assemble(wat: try Guests.all())
        let same = try await theatre.replay(events, wasm: original)
        #expect(same.isFaithful && !same.hasOtherCode)
        let size = try CGRF.encode(.string("hello there")).count
        let fewer = try await theatre.replay(
            events, wasm: try Engine.assemble(wat: try Guests.all(keep: size)))
        #expect(fewer.hasOtherCode)
        #expect(fewer.divergence?.kind == .missingCall)
        #expect(fewer.divergence?.sequence == 3)
        let divergence = try #require(fewer.divergence)
        #expect(divergence.call?.function == Guests.name("many"))
        #expect(divergence.call?.sequence == 1)
        // Recorded with few calls, run with many.
        let short = try await theatre.spawn(try Guests.all(keep: size)) { $0.name = "short" }
        try await theatre.system.call(short, Guests.name("many"), [.string("hello there")])
        let more = try await theatre.replay(
            try await theatre.events(of: short), wasm: original)
        #expect(more.divergence?.kind == .extraCall)
        #expect(more.divergence?.sequence == 3)
        #expect(more.divergence?.frames.isEmpty == false, "the place in the wasm")
    }

    @Test("both sides are decoded, and the places where they differ are found")
    func differences() throws {
        func order(_ price: Int64, _ items: [Value]) throws -> Value {
            .record(
                Value.Record(
                    "order",
                    [
                        .init("price", .s64(price)), .init("items", .list(.string, items)),
                        .init("note", .option(.string, .string("n"))),
                    ]))
        }
        let left = try order(3, [.string("a"), .string("b")])
        let right = try order(4, [.string("a"), .string("c"), .string("d")])
        let found = ValueDiff.differences(left, right)
        #expect(found.map(\.path) == [".price", ".items[1]", ".items[2]"])
        #expect(found[0].left == .s64(3) && found[0].right == .s64(4))
        #expect(found[2].left == nil && found[2].right == .string("d"))
        #expect(ValueDiff.differences(left, left).isEmpty)
        #expect(ValueDiff.differences(left, right, countMax: 1).count == 1)
        for difference in found {
            let path = try #require(ValuePath(difference.path))
            #expect(path.find(in: left) == difference.left)
            #expect(path.find(in: right) == difference.right)
        }
        #expect(ValuePath("note.some")?.find(in: left) == .string("n"))
        for bad in ["a[", "a]", "a[x]", "a[-1]"] { #expect(ValuePath(bad) == nil, "\(bad)") }
        let packed = ValueDiff.differences(.bytes([1, 2, 3]), .bytes([1, 9]))
        #expect(packed.map(\.path) == ["[1]", "[2]"])
    }
}
