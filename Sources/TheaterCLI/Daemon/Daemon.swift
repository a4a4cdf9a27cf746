// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Logging
internal import Synchronization
internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterManifest
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterServer
internal import TheaterTelemetry

/// A node with its API, from its beginning to its end.
struct Daemon: Sendable {
    private let node: Node
    private let server: APIServer
    private let audit: Journal
    private let settings: ServeSettings
    /// Where the node reaches itself.
    private let ownerSocketPath: String
    private let notices: ServiceNotices
    private let logger: Logger
    private let logLevel: LogLevel
    private let live: LiveSettings
    private let exporter: TelemetryExporter?

    /// What the configuration may change while the node runs.
    private final class LiveSettings: Sendable {
        private let settings: Mutex<ServeSettings>
        init(_ settings: ServeSettings) { self.settings = Mutex(settings) }
        var value: ServeSettings { settings.withLock { $0 } }
        func set(_ value: ServeSettings) { settings.withLock { $0 = value } }
    }

    /// Opens the data directory.
    ///
    /// - Parameter telemetry: where spans and metrics go; `nil` for nowhere.
    init(
        _ settings: ServeSettings, options: ServerOptions, telemetry: TelemetryOptions?,
        notices: ServiceNotices, logger: Logger, logLevel: LogLevel
    ) throws(CLIError) {
        exporter = telemetry.map {
            TelemetryExporter($0, version: options.version, logger: logger)
        }
        do {
            var nodeOptions = NodeOptions(dataDirectory: settings.data)
            nodeOptions.observability.spans = exporter
            node = try Node(nodeOptions, logger: logger)
        } catch {
            throw CLIError(unexpected: error)
        }
        do {
            audit = try Self.openAudit(in: settings.data)
            server = try APIServer(
                ServedNode(
                    system: node.system, control: node.control, journal: node.journal,
                    store: node.store),
                audit: try Audit(audit), options: options, logger: logger)
        } catch {
            throw CLIError(unexpected: error)
        }
        self.settings = settings
        ownerSocketPath = options.ownerSocketPath
        self.notices = notices
        self.logger = logger
        self.logLevel = logLevel
        live = LiveSettings(settings)
    }

    /// Opens the journal of the audit, which has the form of a data directory of its own.
    private static func openAudit(in dataDirectory: String) throws -> Journal {
        let folder = Files.join(dataDirectory, "audit")
        do throws(DiskError) {
            try SystemDisk().makeDirectory(folder)
        } catch {
            guard error.errno == DiskError.existsErrno else { throw error }
        }
        return try Journal.open(directory: Files.join(folder, "journal"))
    }

    // MARK: Running

    /// Serves until a signal asks for the end.
    ///
    /// - Parameter sources: where the settings are read again at SIGHUP; without a file it asks for the end.
    func run(_ sources: ServeSources) async throws(CLIError) {
        let signals = SignalSource([SIGINT, SIGTERM, SIGHUP])
        defer { signals.cancel() }
        let (opened, opening) = AsyncStream.makeStream(of: String.self)
        let (hangups, hanging) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let outcome: Result<Void, ServerError> = await withTaskGroup(
            of: Result<Void, ServerError>?.self
        ) { group in
            group.addTask { await serve(opening) }
            if let exporter {
                group.addTask { [node] in
                    await exporter.run { node.system.totals() }
                    return nil
                }
            }
            group.addTask {
                for await places in opened {
                    await begin(places)
                    // One reading at a time; of those that are asked for meanwhile one is enough.
                    for await _ in hangups { await reload(sources, places) }
                }
                return nil
            }
            group.addTask {
                await heed(signals) {
                    guard sources.file != nil else { return false }
                    hanging.yield()
                    return true
                }
                return nil
            }
            // The listening ends first, whether it was asked to or failed.
            var outcome: Result<Void, ServerError> = .success(())
            while let next = await group.next() {
                guard let next else { continue }
                outcome = next
                break
            }
            await close()
            group.cancelAll()
            return outcome
        }
        do throws(ServerError) {
            try outcome.get()
        } catch {
            throw CLIError(error)
        }
    }

    /// Brings the durable actors back that a crash took, and serves then: nobody sees half a tree.
    private func serve(
        _ opening: AsyncStream<String>.Continuation
    ) async -> Result<Void, ServerError> {
        do throws(CLIError) {
            _ = try await ResumeSelection(actors: nil).bringBack(in: node, logger)
        } catch {
            logger.error("no durable actor came back: \(error)")
        }
        do throws(ServerError) {
            try await server.run { places in
                opening.yield("serving at " + places.joined(separator: " and "))
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// Starts what is to run. The node answers meanwhile, and is ready after it.
    private func begin(_ words: String) async {
        logger.info("\(words)")
        notices.starting("starting the actors of the roster", within: 600)
        // What the files say goes before what they said.
        var isDone = false
        if let folder = settings.roster { isDone = await takeOver(folder) }
        if !isDone { await server.startRoster() }
        server.finishStart()
        notices.ready(words)
        logger.info("ready")
    }

    // MARK: The configuration

    private func reload(_ sources: ServeSources, _ words: String) async {
        notices.reloading()
        defer { notices.ready(words) }
        do throws(CLIError) {
            let next = try sources.settings()
            let fixed = next.fixed(differingFrom: settings)
            if !fixed.isEmpty {
                logger.warning(
                    "\(fixed.joined(separator: ", ")): counts from the next start of the node on")
            }
            logLevel.set(next.logLevel)
            live.set(next)
            if let folder = next.roster { await takeOver(folder) }
            logger.info("the configuration was read again")
        } catch {
            logger.error(
                "the configuration is not taken, the one before goes on: \(error.sentence)")
        }
    }

    /// Makes what runs what the files of a folder say, through the node's own socket: it is in the audit like
    /// what anybody does.
    ///
    /// - Returns: whether the files were understood and are on the roster.
    @discardableResult
    private func takeOver(_ folder: String) async -> Bool {
        let source: RosterSource
        do throws(CLIError) {
            source = try RosterSource.read(
                folder, from: ActorFiles(dataDirectory: settings.data))
        } catch {
            rosterStays(error.sentence)
            return false
        }
        let client = TheaterClient(socketPath: ownerSocketPath)
        let outcome: Result<JSONValue, ClientError>
        do throws(ClientError) {
            // Rather a folder that is not there than one that means it.
            let known = source.actors.isEmpty ? try await Self.actors(client) : []
            guard known.isEmpty else {
                await client.close()
                rosterStays(
                    "'\(folder)' has no manifests, and the roster has actors; `theater up --prune "
                        + "\(folder)` stops them")
                return false
            }
            outcome = .success(
                try await RosterUp(source: source, prunes: source.isWhole).run(client))
        } catch {
            outcome = .failure(error)
        }
        await client.close()
        switch outcome {
        case .success(let answer):
            server.setRosterFolderProblem(nil)
            for change in answer["changes"]?.array ?? [] {
                let line = RosterChangeText.line(change, isTrial: false)
                if RosterChangeText.error(change) != nil {
                    logger.error("roster: \(line)")
                } else if change["change"]?.string != "keep" {
                    logger.info("roster: \(line)")
                }
            }
            return true
        case .failure(let error):
            rosterStays("\(error)")
            return false
        }
    }

    /// The actors of the roster.
    private static func actors(_ client: TheaterClient) async throws(ClientError) -> [JSONValue] {
        try await client.roster()["actors"]?.array ?? []
    }

    private func rosterStays(_ reason: String) {
        logger.error("the roster stays as it is: \(reason)")
        server.setRosterFolderProblem(
            "the roster's folder could not be taken over: \(reason)")
    }

    // MARK: The end

    /// The first signal ends the node in order, the second its actors at once, the third the process.
    private func heed(_ signals: SignalSource, hangUp: () -> Bool) async {
        await withDiscardingTaskGroup { group in
            var count = 0
            for await signal in signals.signals {
                if signal == SIGHUP, count > 0 || hangUp() { continue }
                count += 1
                if count == 1 {
                    notices.stopping()
                    logger.info("stopping; a second signal ends the actors at once")
                    await server.stop()
                    group.addTask { await stopActorsAfterDrain() }
                } else {
                    signals.restore()
                    // Durable actors are spared their end, with all below them.
                    for actor in node.system.actors()
                    where node.system.parent(of: actor.id) == nil
                        && (try? node.system.manifest(of: actor.id))?.chain.isDurable != true
                    {
                        group.addTask { _ = try? await node.system.terminate(actor.id) }
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// A request that waits for an actor keeps the server from its end. Past its time it ends with the actor.
    private func stopActorsAfterDrain() async {
        guard (try? await Sleeper.sleep(for: settings.drain)) != nil else { return }
        await node.stopActors(grace: live.value.grace, sparesDurable: true)
    }

    private func close() async {
        do {
            try await node.close(grace: live.value.grace, sparesDurable: true)
            try await audit.close()
            logger.info("stopped")
        } catch {
            logger.error("the last events may be lost: \(error)")
        }
    }
}
