// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterClient

/// Makes what runs in a node what files say.
struct RosterUp: Sendable {
    let source: RosterSource
    /// Whether actors of the roster that the files do not have are stopped.
    let prunes: Bool
    var options = RosterOptions()

    /// How often somebody else may be faster.
    private static let attempts = 5

    /// Sends the modules that the node does not keep, and the roster.
    ///
    /// - Returns: the node's answer, with `changes`.
    func run(_ client: TheaterClient) async throws(ClientError) -> JSONValue {
        if !options.isTrial {
            for actor in source.actors { try await client.keep(actor.wasm, digest: actor.digest) }
        }
        var attempt = 1
        while true {
            let roster = try await client.roster()
            do throws(ClientError) {
                return try await client.putRoster(
                    documents(roster), revision: roster["revision"]?.integer() ?? 0, options)
            } catch {
                guard error.code == Problem.Code.rosterChanged.rawValue,
                    attempt < Self.attempts
                else { throw error }
                attempt += 1
            }
        }
    }

    /// All that is to run: what the files say, and what they say nothing about.
    private func documents(_ roster: JSONValue) -> [JSONValue] {
        let wanted = source.actors.map(\.document)
        guard !prunes else { return wanted }
        let names = Set(source.actors.map(\.name))
        let others = (roster["actors"]?.array ?? []).filter { actor in
            !names.contains(actor["name"]?.string ?? "")
        }
        return wanted
            + others.map { actor in
                .object(
                    (actor.members ?? []).filter {
                        ["manifest", "module", "variables", "initial_state"].contains($0.name)
                    })
            }
    }
}

/// What became, or would become, of an actor.
enum RosterChangeText {
    /// A line with a sign: `+` started, `-` stopped, `~` changed, `=` as it was.
    static func line(_ change: JSONValue, isTrial: Bool) -> String {
        let kind = change["change"]?.string ?? ""
        let name = Printable.line(change["name"]?.string ?? "-", sizeMax: 256)
        let id = change["id"]?.string.map { String($0.prefix(8)) }
        let reason = change["reason"]?.string.map { ": " + Printable.line($0) } ?? ""
        let (sign, words) = words(kind, isTrial: isTrial, isLive: id != nil)
        if let error = error(change) { return "\(sign) \(name)  \(words.failed): \(error)" }
        return "\(sign) \(name)  \(words.done)\(reason)" + (id.map { "  \($0)" } ?? "")
    }

    /// Why it was not done.
    static func error(_ change: JSONValue) -> String? {
        guard let code = change["error"]?["code"]?.string else { return nil }
        let message = Printable.line(change["error"]?["message"]?.string ?? "")
        return message.contains("[\(code)]") ? message : "\(message) [\(code)]"
    }

    private static func words(
        _ kind: String, isTrial: Bool, isLive: Bool
    ) -> (sign: String, words: (done: String, failed: String)) {
        switch kind {
        case "start": ("+", (isTrial ? "start" : "started", "not started"))
        case "stop":
            (
                "-",
                (
                    isLive ? (isTrial ? "stop" : "stopped") : "no longer on the roster",
                    "not stopped"
                )
            )
        case "upgrade": ("~", (isTrial ? "upgrade" : "upgraded", "not upgraded"))
        case "replace": ("~", (isTrial ? "replace" : "replaced", "not replaced"))
        default: ("=", ("as it is", "not looked at"))
        }
    }
}
