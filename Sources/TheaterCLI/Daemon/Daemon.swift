// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterNode
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterServer

/// A node with its API, from its beginning to its end.
struct Daemon: Sendable {
    private let node: Node
    private let server: APIServer
    private let audit: Journal
    private let options: ServerOptions
    private let grace: Duration
    private let notices: ServiceNotices
    private let logger: Logger

    /// Opens the data directory.
    init(
        dataDirectory: String, options: ServerOptions, grace: Duration, notices: ServiceNotices,
        logger: Logger
    ) throws(CLIError) {
        do {
            node = try Node(NodeOptions(dataDirectory: dataDirectory), logger: logger)
        } catch {
            throw CLIError(unexpected: error)
        }
        do {
            audit = try Self.openAudit(in: dataDirectory)
            server = try APIServer(
                ServedNode(
                    system: node.system, control: node.control, journal: node.journal,
                    store: node.store),
                audit: try Audit(audit), options: options, logger: logger)
        } catch {
            throw CLIError(unexpected: error)
        }
        self.options = options
        self.grace = grace
        self.notices = notices
        self.logger = logger
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

    /// Serves until a signal asks for the end.
    func run() async throws(CLIError) {
        let signals = SignalSource()
        defer { signals.cancel() }
        let outcome: Result<Void, ServerError> = await withTaskGroup(
            of: Result<Void, ServerError>?.self
        ) { group in
            group.addTask { await serve() }
            group.addTask {
                await heed(signals)
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
    private func serve() async -> Result<Void, ServerError> {
        do throws(CLIError) {
            _ = try await ResumeSelection(actors: nil).bringBack(in: node, logger)
        } catch {
            logger.error("no durable actor came back: \(error)")
        }
        do throws(ServerError) {
            try await server.run { [notices, logger] places in
                let words = "serving at " + places.joined(separator: " and ")
                notices.ready(words)
                logger.info("\(words)")
            }
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    /// The first signal ends the node in order, the second its actors at once, the third the process.
    private func heed(_ signals: SignalSource) async {
        var count = 0
        for await _ in signals.signals {
            count += 1
            if count == 1 {
                notices.stopping()
                logger.info("stopping; a second signal ends the actors at once")
                await server.stop()
            } else {
                signals.restore()
                await withDiscardingTaskGroup { group in
                    for actor in node.system.actors() {
                        group.addTask { _ = try? await node.system.terminate(actor.id) }
                    }
                }
            }
        }
    }

    private func close() async {
        do {
            try await node.close(grace: grace)
            try await audit.close()
            logger.info("stopped")
        } catch {
            logger.error("the last events may be lost: \(error)")
        }
    }
}
