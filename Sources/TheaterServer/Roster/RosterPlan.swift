// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterStore

/// What becomes of one actor so that what runs is what the roster says.
struct RosterChange: Sendable {
    /// The kinds, as the API has them.
    enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It is started.
        case start
        /// It is stopped, because the roster has it no more.
        case stop
        /// It gets other code between two of its calls.
        case upgrade
        /// It is stopped, and started with what the roster says now.
        case replace
        /// It runs as the roster says.
        case keep
    }

    let kind: Kind
    let name: String
    /// The actor; the new one when one was started.
    var id: ActorID?
    /// What is different.
    let reason: String?
    /// Why it was not done.
    var problem: Problem?

    init(_ kind: Kind, _ name: String, id: ActorID? = nil, reason: String? = nil) {
        self.kind = kind
        self.name = name
        self.id = id
        self.reason = reason
    }

    var json: JSONValue {
        [
            "name": .string(name), "change": .string(kind.rawValue),
            "id": .optional(id?.description), "reason": .optional(reason),
            "error": RosterChange.json(problem),
        ]
    }

    static func json(_ problem: Problem?) -> JSONValue {
        problem.map { ["code": .string($0.code), "message": .string($0.detail)] } ?? .null
    }
}

/// Decides what a roster changes. Looks and does nothing.
struct RosterPlan {
    /// An actor that lives.
    struct Live: Sendable {
        let id: ActorID
        /// Whether it has a parent, to whom it belongs.
        let isChild: Bool
        /// The SHA-256 of the code that it runs, in hexadecimal digits.
        let module: String
        /// What names its manifest in its chain.
        let manifest: [UInt8]
    }

    /// What the roster says so far, by name.
    let present: [String: RosterEntry]
    /// The live actor of a name.
    let live: (String) -> Live?

    /// What is to be done, ordered by name.
    ///
    /// - Throws: `roster.name-taken` when a child of another actor has a name.
    func changes(_ wanted: [RosterActor]) throws(Problem) -> [RosterChange] {
        let names = Set(wanted.map(\.name))
        var changes = present.keys.filter { !names.contains($0) }.map { name in
            let live = live(name)
            return RosterChange(.stop, name, id: live?.isChild == false ? live?.id : nil)
        }
        for actor in wanted { changes.append(try change(actor)) }
        return changes.sorted { $0.name < $1.name }
    }

    private func change(_ actor: RosterActor) throws(Problem) -> RosterChange {
        guard let live = live(actor.name) else { return RosterChange(.start, actor.name) }
        guard !live.isChild else {
            throw Problem(
                .rosterTaken,
                "'\(actor.name)' is the name of another actor's child; give the actor of the roster "
                    + "another name in its manifest")
        }
        var reasons: [String] = []
        if live.manifest != actor.manifest.recorded { reasons.append("the manifest") }
        // What an actor began with shows on the roster alone.
        if let entry = present[actor.name], entry.initialState != actor.entry.initialState {
            reasons.append("the first state")
        }
        let isSameCode = live.module == actor.entry.module.description
        guard reasons.isEmpty else {
            if !isSameCode { reasons.append("the module") }
            return RosterChange(
                .replace, actor.name, id: live.id, reason: reasons.joined(separator: ", "))
        }
        return isSameCode
            ? RosterChange(.keep, actor.name, id: live.id)
            : RosterChange(.upgrade, actor.name, id: live.id, reason: "the module")
    }
}
