// SPDX-License-Identifier: Apache-2.0

internal import TheaterClient
internal import TheaterRuntime
internal import TheaterStore

extension CLIError {
    /// What a node said, or why it said nothing.
    init(_ error: ClientError) {
        self.init(
            Self.status(of: error), error.code, error.message + (Self.hints[error.code] ?? ""),
            isVerbatim: error.code.hasPrefix("manifest."))
    }

    private static func status(of error: ClientError) -> CommandStatus {
        switch error.code {
        case "client.no-node", "client.connection", "client.bad-answer", "api.unready":
            return .unreachable
        case "client.cancelled": return .interrupted
        case "api.parameter", "api.body", "api.ambiguous", "client.bad-address": return .usage
        case "api.credential", "api.scope", "api.origin", "api.host": return .refused
        case "actor.not-found", "actor.name-taken": return .failure
        case "roster.damaged", "roster.disk", "roster.newer-format": return .data
        case "roster.duplicate": return .manifest
        default: break
        }
        if let code = ActorError.Code(rawValue: error.code) {
            return status(of: ActorError(code, error.message))
        }
        if error.code.hasPrefix("manifest.") || error.code == "api.path" { return .manifest }
        if let code = StoreError.Code(rawValue: error.code) { return status(of: code) }
        return .failure
    }

    /// What to look at next.
    private static let hints = [
        "actor.not-found":
            " with `theater ps`; what one did that is over, `theater chain list` and `chain show` tell",
        "actor.name-taken": "; `theater ps` shows what runs, and the manifest says the name",
        "api.token-taken": "; `theater token revoke` takes it back",
        "api.credential": "; the command line takes it from THEATER_TOKEN",
        "api.path": "; see `theater help store`",
        "actor.ended": "; see what it did with `theater events`",
        "message.not-registered": "; see what it takes with `theater inspect`",
        "message.no-callback": "; see what it takes with `theater inspect`",
    ]
}
