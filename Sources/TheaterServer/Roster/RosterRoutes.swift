// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI
internal import TheaterRuntime

/// The roster: looking at it and changing it.
struct RosterRoutes: Sendable {
    let keeper: RosterKeeper
    let bodies: Bodies

    func show() async throws(Problem) -> Response { Answer.json(try await keeper.show()) }

    func put(_ call: Call) async throws(Problem) -> Response {
        let json = try await bodies.json(of: call)
        var wish = try Self.wish(json)
        wish.isTrial = try call.flag("dry_run")
        if let word = call.parameter("gate") {
            guard let gate = UpgradeRequest.Gate(rawValue: word) else {
                throw Problem(.parameter, "'gate' must be refuse, report or none")
            }
            wish.gate = gate
        }
        if let grace = try call.duration("grace", most: .seconds(3600)) { wish.grace = grace }
        return Answer.json(try await keeper.put(wish))
    }

    private static func wish(_ json: JSONValue) throws(Problem) -> RosterKeeper.Wish {
        do throws(JSONError) {
            var fields = try JSONFields(json)
            guard let items = fields.optional("actors")?.array else {
                throw JSONError("'actors' must be a list")
            }
            let revision: UInt64? =
                fields.optional("revision") == nil ? nil : try fields.integer("revision")
            try fields.finish()
            var entries: [RosterEntry] = []
            for item in items { entries.append(try RosterEntry(item)) }
            return RosterKeeper.Wish(entries: entries, revision: revision)
        } catch {
            throw Problem(.body, "\(error)")
        }
    }
}
