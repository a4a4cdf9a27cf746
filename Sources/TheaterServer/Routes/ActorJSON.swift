// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TheaterAPI
internal import TheaterPlatform
internal import TheaterRuntime

/// Actors as documents.
enum ActorJSON {
    /// Writes an actor in brief, at once and without a value for each member: there may be many thousand.
    ///
    /// - Parameter metrics: what to show of its load; `nil` for none.
    static func write(_ info: ActorInfo, _ metrics: ActorMetrics?, to text: inout [UInt8]) {
        let load = metrics.map(Self.load)
        let (status, reason) = Self.status(info.status)
        text += #"{"id":""#.utf8
        text += info.id.description.utf8
        text += #"","name":"#.utf8
        JSONValue.string(info.name).write(to: &text)
        text += #","status":""#.utf8
        text += status.utf8
        text += #"","reason":"#.utf8
        JSONValue.optional(reason).write(to: &text)
        text += #","mailbox":"#.utf8
        text += String(info.mailboxDepth).utf8
        if let load {
            text += #","load":"#.utf8
            load.write(to: &text)
        }
        text.append(UInt8(ascii: "}"))
    }

    /// An actor with those below it.
    ///
    /// - Parameter system: where to look up the load of each; `nil` for none.
    static func tree(_ tree: ActorTree, loadFrom system: ActorSystem? = nil) -> JSONValue {
        var members: [JSONValue.Member] = head(tree.id, tree.name, tree.status)
        members.append(.init("restarts", .integer(tree.restarts)))
        if let metrics = try? system?.metrics(of: tree.id) {
            members.append(.init("mailbox", .integer(metrics.mailboxDepth)))
            members.append(.init("load", load(metrics)))
        }
        let children = tree.children.map { Self.tree($0, loadFrom: system) }
        members.append(.init("children", .array(children)))
        return .object(members)
    }

    /// What an actor did and holds in brief.
    private static func load(_ metrics: ActorMetrics) -> JSONValue {
        [
            "calls": .integer(metrics.calls), "errors": .integer(metrics.errors),
            "fuel_used": .integer(metrics.fuelUsed), "memory": .integer(metrics.memorySize),
            "restarts": .integer(metrics.restarts), "events": .optional(metrics.chainLength),
        ]
    }

    static func actor(
        _ metrics: ActorMetrics, parent: ActorID?, children: [ActorID]
    ) -> JSONValue {
        .object(
            head(metrics.actor, metrics.name, metrics.status) + [
                .init("parent", .optional(parent?.description)),
                .init("children", .strings(children.map(\.description))),
                .init("metrics", self.metrics(metrics)),
            ])
    }

    static func end(_ id: ActorID, _ reason: ExitReason) -> JSONValue {
        var result: JSONValue = .null
        if case .completed(let bytes?) = reason { result = .string(Base64.encode(bytes)) }
        let (status, words) = Self.status(reason.status)
        return [
            "id": .string(id.description), "status": .string(status), "reason": .optional(words),
            "result": result,
        ]
    }

    private static func head(
        _ id: ActorID, _ name: String, _ status: ActorStatus
    ) -> [JSONValue.Member] {
        let (word, reason) = Self.status(status)
        return [
            .init("id", .string(id.description)), .init("name", .string(name)),
            .init("status", .string(word)), .init("reason", .optional(reason)),
        ]
    }

    /// The status in one word, and the reason of a failure.
    private static func status(_ status: ActorStatus) -> (String, String?) {
        if case .failed(let reason) = status { return ("failed", reason) }
        return (status.description, nil)
    }

    /// The numbers under the names that they have everywhere.
    private static func metrics(_ metrics: ActorMetrics) -> JSONValue {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(metrics), let json = try? JSONValue.parse(Array(data))
        else { return [:] }
        return json
    }
}

/// The names that a client may give.
enum NameCheck {
    /// Whether a text can be an actor's name.
    static func isName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && ActorID(text) == nil
            && text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
                default: true
                }
            }
    }
}
