// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

extension ActorRoutes {
    /// The most calls that code may be on trial for.
    private static let trialCallsMax = 1_000_000

    func upgrade(_ call: Call) async throws(Problem) -> Response {
        let id = try ActorLookup(node: node).live(call.place("actor"))
        var request = UpgradeRequest(wasm: [])
        if let word = call.parameter("gate") {
            guard let gate = UpgradeRequest.Gate(rawValue: word) else {
                throw Problem(.parameter, "'gate' must be refuse, report or none")
            }
            request.gate = gate
        }
        if let calls = try call.integer("trial_calls", in: 0...Self.trialCallsMax) {
            request.trialCalls = calls
        }
        request.wasm = try await wasm(call.parameter("module") ?? "")
        let prepared = request
        do throws(ActorError) {
            return Answer.json(
                Self.json(try await node.control.send { .upgradeActor(id, prepared, $0) }))
        } catch {
            throw Problem(error)
        }
    }

    private static func json(_ report: UpgradeReport) -> JSONValue {
        let check: JSONValue =
            report.check.map { (check) -> JSONValue in
                [
                    "same": check.isSame.map { JSONValue.bool($0) } ?? .null,
                    "code": .optional(check.code), "detail": .optional(check.detail),
                ]
            } ?? .null
        return [
            "id": .string(report.actor.description), "from": .string(report.from.description),
            "to": .string(report.to.description), "migrated": .bool(report.hasMigrated),
            "on_trial": .bool(report.isOnTrial), "check": check,
        ]
    }
}
