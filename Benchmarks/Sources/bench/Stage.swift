// SPDX-License-Identifier: Apache-2.0

import Logging
import TheaterChain
import TheaterEngine
import TheaterHandler
import TheaterHandlers
import TheaterManifest
import TheaterPlatform
import TheaterProcess
import TheaterRuntime
import TheaterValue

/// How a stage keeps its actors' chains.
enum Recording: String, Sendable {
    /// Not at all: the sandbox alone.
    case unrecorded
    /// In memory: every event is made, hashed and linked, none reaches a disk.
    case memory
    /// On disk within 20 ms: what actors have unless they ask for more.
    case recorded
}

/// A system of actors, and what it takes to start one in it.
struct Stage {
    let system: ActorSystem
    let journal: Journal
    private let recording: Recording

    /// Makes a system without actors, with the handlers that the guests use; its journal, if it has
    /// one, is in `folder`.
    ///
    /// - Parameter programs: what starts programs, for actors that may.
    init(
        _ recording: Recording, folder: String, guestsMax: Int? = 64, programs: ProcessHost? = nil
    ) throws {
        self.recording = recording
        journal =
            switch recording {
            case .unrecorded, .memory: .inMemory()
            case .recorded: try .open(directory: folder)
            }
        var services = HandlerServices()
        if let programs { services.provide(programs) }
        system = ActorSystem(
            engine: try Engine(EngineOptions(guestsMax: guestsMax)),
            journal: recording == .unrecorded ? nil : journal,
            handlers: HandlerRegistry([
                RuntimeHandler.self, MessageServerHandler.self, ProcessHandler.self,
                SignalHandler.self,
            ]),
            logger: Logger(label: "bench") { _ in DroppingLogHandler() }, services: services)
    }

    /// What starts an actor that may use some handlers.
    func request(
        _ wasm: [UInt8], name: String = "bench", handlers: [String] = ["runtime"]
    ) -> SpawnRequest {
        var manifest = Manifest(
            name: name, package: "bench.wasm", handlers: handlers.map { HandlerGrant(type: $0) })
        manifest.chain.durability = recording == .recorded ? .async : .memory
        manifest.limits.callTimeout = .seconds(600)
        return SpawnRequest(wasm: wasm, manifest: manifest)
    }

    /// Ends every actor and the journal.
    func close() async throws {
        await system.shutDown(grace: .zero)
        try await journal.close()
    }
}

/// Takes every line and drops it: forming the line counts, showing it does not.
struct DroppingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { consume(event.message) }
}
