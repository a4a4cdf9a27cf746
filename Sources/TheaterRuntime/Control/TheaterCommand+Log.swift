// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform

extension TheaterCommand {
    /// The command's name.
    public var name: CommandName {
        switch self {
        case .spawnActor: .spawnActor
        case .resumeActor: .resumeActor
        case .stopActor: .stopActor
        case .terminateActor: .terminateActor
        case .restartActor: .restartActor
        case .upgradeActor: .upgradeActor
        case .shuttingDown: .shuttingDown
        case .actorShutdownComplete: .actorShutdownComplete
        case .shutdownRuntime: .shutdownRuntime
        case .newEvent: .newEvent
        case .actorError: .actorError
        case .actorRuntimeError: .actorRuntimeError
        case .getActors: .getActors
        case .getActorManifest: .getActorManifest
        case .getActorStatus: .getActorStatus
        case .listChildren: .listChildren
        case .getActorState: .getActorState
        case .getActorEvents: .getActorEvents
        case .getActorMetrics: .getActorMetrics
        case .subscribeToActor: .subscribeToActor
        case .newStore: .newStore
        case .getActorHandle: .getActorHandle
        case .getActorExportHashes: .getActorExportHashes
        }
    }

    /// The command in one line for a log: its name, whom it is about, sizes and codes. Never a payload, a
    /// state, a manifest's text or an error's words.
    public func toLog() -> String {
        let facts: String? =
            switch self {
            case .spawnActor(let request, _):
                "\(Self.shown(request.name ?? request.manifest.name)) "
                    + "(wasm: \(request.wasm.count) bytes)"
            case .resumeActor(let manifest, let wasm, _):
                Self.shown(manifest) + (wasm.map { " (wasm: \($0.count) bytes)" } ?? "")
            case .upgradeActor(let id, let request, _):
                "\(id) (wasm: \(request.wasm.count) bytes, gate: \(request.gate.rawValue))"
            case .stopActor(let id, let grace, _): "\(id) (grace: \(grace))"
            case .shuttingDown(let id, let data, _):
                "\(id)" + (data.map { " (data: \($0.count) bytes)" } ?? "")
            case .shutdownRuntime(let grace, _): "(grace: \(grace))"
            case .newEvent(let id, let sequence, _): "\(id) (sequence: \(sequence))"
            case .actorError(let id, let error, _): "\(id) (\(error.code.rawValue))"
            case .actorRuntimeError(let error, _): "(\(error.code.rawValue))"
            case .getActorEvents(let id, let filter, _): "\(id) (\(filter.facts))"
            case .subscribeToActor(let id, let start, _, _): "\(id) (from: \(Self.shown(start)))"
            case .terminateActor(let id, _), .actorShutdownComplete(let id, _): "\(id)"
            case .restartActor(let id, _): "\(id)"
            case .getActorManifest(let id, _): "\(id)"
            case .getActorStatus(let id, _): "\(id)"
            case .listChildren(let id, _): "\(id)"
            case .getActorState(let id, _): "\(id)"
            case .getActorMetrics(let id, _): "\(id)"
            case .getActorHandle(let id, _): "\(id)"
            case .getActorExportHashes(let id, _): "\(id)"
            case .getActors, .newStore: nil
            }
        return facts.map { "\(name.rawValue): \($0)" } ?? name.rawValue
    }

    private static func shown(_ name: String) -> String {
        GuestText.shown(String(name.prefix(256)))
    }

    private static func shown(_ source: ManifestSource) -> String {
        switch source {
        case .reference(let path): shown(path)
        case .text(let text): "(manifest: \(text.utf8.count) bytes)"
        }
    }

    private static func shown(_ start: FeedStart) -> String {
        switch start {
        case .now: "now"
        case .sequence(let sequence): "\(sequence)"
        }
    }
}
