// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import TheaterManifest

@Suite("Recorded manifests")
struct RecordedManifestTests {
    // Goal: what is recorded of a manifest that was made in code is all that a resume has of it. Method: one
    // with everything at another value than the default is read again from its recorded bytes.
    @Test("a manifest that was made in code is the same when it is read again")
    func again() throws {
        var manifest = Manifest(
            name: "made", package: "made.wasm",
            handlers: [
                HandlerGrant(
                    type: "process", configuration: ["programs": .array([.string("a\"b")])],
                    inDoubt: .retry),
                HandlerGrant(type: "store", inDoubt: .ask),
                HandlerGrant(type: "runtime"),
            ])
        manifest.onError = .continue
        manifest.chain.durability = .strict
        manifest.chain.isDurable = true
        manifest.chain.snapshotEvery = 50
        var limits = Limits()
        limits.memory = .mebibytes(3)
        limits.tableElements = 77
        limits.fuelPerCall = 1_000_001
        limits.fuelPerLife = 2_000_002
        limits.callTimeout = .seconds(3)
        limits.initTimeout = .seconds(4)
        limits.requestTimeout = .seconds(5)
        limits.messageAgeMax = .seconds(6)
        limits.mailbox = 9
        limits.mailboxPolicy = .dropOldest
        manifest.limits = limits
        let again = try Manifest(recorded: manifest.recorded)
        #expect(again.limits == manifest.limits)
        #expect(again.chain == manifest.chain)
        #expect(again.onError == manifest.onError)
        #expect(again.handlers.map(\.type) == manifest.handlers.map(\.type))
        #expect(again.handlers.map(\.inDoubt) == manifest.handlers.map(\.inDoubt))
        #expect(again.handlers.map(\.configuration) == manifest.handlers.map(\.configuration))
        // Nothing was forgotten above that a manifest may have by now.
        let values = Mirror(reflecting: limits).children.count
        let others = zip(Mirror(reflecting: limits).children, Mirror(reflecting: Limits()).children)
            .count { "\($0.value)" != "\($1.value)" }
        #expect(values == others)
    }
}
