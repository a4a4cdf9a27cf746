// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import TheaterChain
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterStore
import TheaterValue

/// How long a node takes to come back with a durable actor after a kill, by the length of its history.
enum RecoveryRows {
    private static let rounds = Rounds(count: 5, warmUp: 1)

    static let rows = [
        Row(name: "Recovery", place: .alone(cores: 1)) { setting in
            var figures: [Figure] = []
            var count = 100
            while count <= setting.times(1_000_000) {
                for isWhole in [true, false] {
                    figures.append(try await measure(setting, count, isWhole: isWhole))
                }
                count *= 10
            }
            return figures
        }
    ]

    private static func measure(
        _ setting: Setting, _ count: Int, isWhole: Bool
    ) async throws -> Figure {
        let folder = "\(setting.folder)/recovery-\(count)-\(isWhole ? "whole" : "snapshots")"
        try await make(folder + "/0", events: count, every: isWhole ? 0 : 10_000)
        var round = 0
        let figure = try await rounds.measure(
            Figure(
                name: "Recovery.\(count).\(isWhole ? "whole" : "snapshots")",
                what: "a node opened after a kill, and its actor of \(count) events brought back "
                    + (isWhole ? "from the whole chain" : "with snapshots"),
                unit: .nanoseconds), times: 1
        ) {
            round += 1
            let path = "\(folder)/\(round)"
            try FileManager.default.copyItem(atPath: folder + "/0", toPath: path)
            var node: Node?
            let spent = try await nanoseconds(of: {
                let opened = try open(path)
                guard try await opened.resume().resumed.count == 1 else {
                    throw BenchError("the actor did not come back")
                }
                node = opened
            })
            try await node?.close(grace: .zero)
            try FileManager.default.removeItem(atPath: path)
            return spent
        }
        try FileManager.default.removeItem(atPath: folder)
        return figure
    }

    private static func open(_ path: String) throws -> Node {
        try Node(
            NodeOptions(dataDirectory: path, guestsMax: 4),
            logger: Logger(label: "bench") { _ in DroppingLogHandler() })
    }

    /// A data directory as a kill leaves it, with one actor of a number of events.
    private static func make(_ path: String, events: Int, every: Int) async throws {
        let node = try open(path + "-made")
        var manifest = Manifest(
            name: "bench", package: "bench.wasm", handlers: [HandlerGrant(type: "runtime")])
        manifest.chain.isDurable = true
        manifest.chain.snapshotEvery = every
        let id = try await node.system.spawn(
            SpawnRequest(wasm: try Guests.logger(), manifest: manifest))
        func call(_ events: Int) async throws {
            consume(try await node.system.call(id, Guests.log, [.u32(UInt32(events))]))
        }
        // A call and its host calls.
        for _ in 0..<max(1, events / 100) { try await call(98) }
        // A snapshot is kept while the actor goes on, and this actor does nothing but make events: it waits
        // until one from near the end is kept, so that a round differs from another in its history alone.
        if every > 0, events > every {
            while try newestSnapshot(of: id, in: node) < events - every {
                try await call(98)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        try await node.journal.sync()
        try FileManager.default.copyItem(atPath: path + "-made", toPath: path)
        try await node.close(grace: .zero)
        try FileManager.default.removeItem(atPath: path + "-made")
    }

    /// How many events the newest snapshot covers that is kept of an actor; 0 when there is none.
    private static func newestSnapshot(of id: ActorID, in node: Node) throws -> Int {
        let labels = try node.store.labels(of: .snapshots).map(\.label.text)
        return labels.filter { $0.hasPrefix("\(id)/") }.compactMap { Int($0.suffix(20)) }.max() ?? 0
    }
}
