// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// What the libraries beneath say, as far as it is for those who look after the node: their errors, until the end
/// begins. Then connections that are cut are what was asked for, and no errors.
struct LibraryLog: LogHandler {
    private let logger: Logger
    private let life: ServerLife
    var metadataProvider: Logger.MetadataProvider?
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level

    /// A logger for them that passes on to the node's own.
    static func logger(_ logger: Logger, _ life: ServerLife) -> Logger {
        Logger(label: logger.label) { _ in LibraryLog(logger, life) }
    }

    private init(_ logger: Logger, _ life: ServerLife) {
        self.logger = logger
        self.life = life
        logLevel = max(.error, logger.logLevel)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard !life.isDraining else { return }
        logger.log(
            level: event.level, event.message,
            metadata: metadata.merging(event.metadata ?? [:]) { $1 })
    }
}
