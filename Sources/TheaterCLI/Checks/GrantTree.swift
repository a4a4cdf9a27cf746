// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// What each actor of a tree gets, as `theater check` shows it before anything runs.
struct GrantTree: Sendable {
    /// One key of a grant.
    struct Key: Sendable {
        let name: String
        /// What the manifest asks for.
        let asked: String
        /// What the actor gets.
        let effective: String

        var isNarrowed: Bool { asked != effective }
    }

    /// One handler that a manifest asks for.
    struct Handler: Sendable {
        /// How much of what was asked is held.
        enum Verdict: String, Sendable {
            /// All of it.
            case granted
            /// Less of it.
            case narrowed
            /// None of it: the actor does not start.
            case refused
        }

        let type: String
        let verdict: Verdict
        let keys: [Key]
    }

    /// The actor's name among its siblings.
    let name: String
    /// The names from the root to here.
    let path: String
    /// Where its manifest is.
    let manifest: String
    /// How it is kept by its parent, and how it keeps its own children.
    var supervision: String?
    var handlers: [Handler] = []
    var children: [GrantTree] = []
    /// Why nothing more is known of it; the reasons are findings, but for what the node looks up.
    var note: String?

    /// The tree as lines, two blanks for each level.
    func lines(depth: Int = 0) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        var lines = [indent + name + (supervision.map { "  (\($0))" } ?? "")]
        if let note { lines.append(indent + "    " + note) }
        if note == nil, handlers.isEmpty {
            lines.append(indent + "    may do nothing outside itself")
        }
        for handler in handlers {
            let word = handler.verdict == .refused ? "  refused" : ""
            lines.append(indent + "    " + handler.type + word)
            for key in handler.keys {
                let asked = key.isNarrowed ? "; asked for \(key.asked)" : ""
                lines.append(indent + "      \(key.name): \(key.effective)\(asked)")
            }
        }
        return lines + children.flatMap { $0.lines(depth: depth + 1) }
    }

    var json: JSON {
        .object([
            ("name", .string(name)), ("manifest", .string(manifest)),
            ("supervision", .optional(supervision)), ("note", .optional(note)),
            ("handlers", .array(handlers.map(Self.json))),
            ("children", .array(children.map(\.json))),
        ])
    }

    private static func json(_ handler: Handler) -> JSON {
        let keys = handler.keys.map { key in
            JSON.object([
                ("key", .string(key.name)), ("asked", .string(key.asked)),
                ("effective", .string(key.effective)),
            ])
        }
        return .object([
            ("type", .string(handler.type)), ("verdict", .string(handler.verdict.rawValue)),
            ("keys", .array(keys)),
        ])
    }
}
