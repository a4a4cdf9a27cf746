// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterPlatform

@testable import TheaterChain

@Suite("Event payloads")
struct PayloadTests {
    static let digest = Digest.sha256(of: [1, 2, 3])
    static let samples: [EventPayload] = [
        .spawned(
            module: digest, manifest: .zero, name: "crawler", parent: actor(1),
            grants: ["runtime", "tcp"], state: [1, 2, 3]),
        .spawned(module: digest, manifest: digest, name: nil, parent: nil, grants: [], state: []),
        .called(function: "init", parameters: [9], fuel: 1_000_000, deadlineNanoseconds: .max),
        .called(function: "f", parameters: [], fuel: nil, deadlineNanoseconds: nil),
        .returned(function: "init", output: [4, 5], state: digest, fuelUsed: 300),
        .returned(function: "init", output: [], state: nil, fuelUsed: 0),
        .failed(function: "run", kind: "trap", message: "unreachable — at grün"),
        .hostCall(interface: "theater:simple/runtime", function: "log", input: [1], output: [2]),
        .hostError(interface: "a/b/c", function: "d", input: [], message: "no"),
        .denied(what: "tcp.connect 10.0.0.1:22", reason: "not granted"),
        .limit(kind: "memory", message: "64 MiB"),
        .exited(kind: "normal", reason: "", result: [7]),
        .exited(kind: "killed", reason: "asked", result: nil),
        .intent(
            interface: "theater:simple/store", function: "store", input: [1, 2],
            effect: .idempotent, policy: .retry),
        .intent(interface: "a/b", function: "c", input: [], effect: .once, policy: .ask),
        .outcome(interface: "a/b", function: "c", intent: 300, output: [4]),
        .outcomeError(interface: "a/b", function: "c", intent: 0, message: "broke"),
        .settled(intent: .max, as: .notDone, note: "nobody saw it — grün"),
        .upgrade(
            CodeUpgrade(
                .begun, from: .sha256(of: [1]), to: .sha256(of: [2]), manifest: .sha256(of: [3]),
                state: [1, 2, 3])),
        .upgrade(
            CodeUpgrade(
                .undone, from: .zero, to: .sha256(of: [2]), manifest: .zero,
                reason: "it trapped — grün")),
        .forked(
            Fork(
                of: ActorID(high: 1, low: 2), at: 300, hash: .sha256(of: [1]), module: .zero,
                manifest: .sha256(of: [2]), name: "again", grants: ["runtime", "store"],
                isDryRun: true, state: [7, 8])),
    ]

    @Test("come back as they were", arguments: samples)
    func roundTrip(payload: EventPayload) throws {
        let bytes = payload.encode()
        #expect(try EventPayload.decode(bytes, type: payload.type.name) == payload)
    }

    @Test("are refused at every length but the whole, and with a byte too many", arguments: samples)
    func truncated(payload: EventPayload) {
        let bytes = payload.encode()
        for count in 0..<bytes.count {
            #expect(throws: PayloadError.self, "\(count) of \(bytes.count)") {
                try EventPayload.decode(Array(bytes.prefix(count)), type: payload.type.name)
            }
        }
        #expect(throws: PayloadError.self) {
            try EventPayload.decode(bytes + [0], type: payload.type.name)
        }
    }

    // Goal: no bytes crash the decoder. Method: change one byte at a time at random; whatever is
    // accepted must encode to what was read.
    @Test("never crash the decoder, and have one form only", arguments: [UInt64(20_240_601)])
    func mutated(seed: UInt64) {
        var random = SplitMix(seed: seed)
        for round in 0..<20_000 {
            let payload = Self.samples[Int(random.next() % UInt64(Self.samples.count))]
            var bytes = payload.encode()
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            if let read = try? EventPayload.decode(bytes, type: payload.type.name) {
                let again = read.encode(isRedacted: EventPayload.isRedacted(bytes))
                #expect(again == bytes, "seed \(seed), round \(round)")
            }
        }
    }

    @Test("say where and why they cannot be read")
    func message() {
        let error = #expect(throws: PayloadError.self) {
            try EventPayload.decode([1, 200], type: "x")
        }
        #expect(error?.offset == 2)
        #expect(error?.description.contains("tag 200 is not known") == true)
    }

    @Test("of calls and returns are the same whether joined or appended in parts")
    func callParts() async throws {
        for size in [0, 1, 127, 128, 70_000] {
            let blob = [UInt8](repeating: 3, count: size)
            let (fuel, name) = (UInt64(size) << 40, "a:b/c.größer")
            let joined = [
                EventPayload.called(
                    function: name, parameters: blob, fuel: fuel, deadlineNanoseconds: nil),
                .returned(function: name, output: blob, state: nil, fuelUsed: fuel),
            ]
            let journal = Journal.inMemory()
            let chain = try journal.makeChain(actor: actor(1), name: nil)
            try chain.appendCalled(function: Array(name.utf8), parameters: blob, fuel: fuel)
            try chain.appendReturned(function: Array(name.utf8), output: blob, fuelUsed: fuel)
            var events = try await journal.events(of: actor(1))
            for payload in joined {
                let event = try #require(try events.next())
                #expect(event.payload == payload.encode())
                #expect(event.type == payload.type.name)
            }
        }
    }

    @Test("of a host call are the same whether joined or appended in parts")
    func hostCallParts() async throws {
        let journal = Journal.inMemory()
        let chain = try journal.makeChain(actor: actor(1))
        let input = [UInt8](repeating: 3, count: 300)
        try chain.appendHostCall(log, input: input, output: [])
        let payload = EventPayload.hostCall(
            interface: "theater:simple/runtime", function: "log", input: input, output: [])
        try chain.append(payload)
        let read = try events(try await journal.reader(), actor(1))
        #expect(read.map(\.payload) == [payload.encode(), payload.encode()])
        #expect(try read.first?.decodedPayload() == payload)
        #expect(read.map(\.type) == [log.name, log.name])
    }

    @Test("that are redacted say so, and are read like others; nothing else can say it")
    func redacted() async throws {
        let journal = Journal.inMemory()
        let chain = try journal.makeChain(actor: actor(1))
        let payload = EventPayload.hostCall(
            interface: "theater:simple/runtime", function: "log", input: [1, 2], output: [3])
        let (input, output): ([UInt8], [UInt8]) = ([1, 2], [3])
        try chain.appendHostCall(
            log, input: input.span.bytes, output: output.span.bytes, isRedacted: true)
        try chain.append(payload, isRedacted: true)
        try chain.append(payload)
        let read = try events(try await journal.reader(), actor(1)).map { $0.payload ?? [] }
        #expect(read.map(EventPayload.isRedacted) == [true, true, false])
        #expect(read[0] == read[1] && read[1] != read[2])
        for bytes in read {
            #expect(EventPayload.kind(of: bytes) == .hostCall)
            #expect(try EventPayload.decode(bytes, type: log.name) == payload)
            let parts = try #require(EventPayload.partsOfHostCall(in: bytes))
            #expect(Array(bytes[parts.input]) == [1, 2] && Array(bytes[parts.output]) == [3])
        }
        for payload in Self.samples {
            let bytes = payload.encode(isRedacted: true)
            let canBe =
                switch payload {
                case .hostCall, .outcome: true
                default: false
                }
            #expect(EventPayload.isRedacted(bytes) == canBe)
            #expect(try EventPayload.decode(bytes, type: payload.type.name) == payload)
        }
        for bytes in [[], [1], [0, 25], [1, 5]] as [[UInt8]] {
            #expect(!EventPayload.isRedacted(bytes))
        }
    }
}
