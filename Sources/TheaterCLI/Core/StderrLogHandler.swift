// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterPlatform

/// Writes log messages for people: `HH:MM:SS.mmm [name] text`, one write for each line.
///
/// The name is the actor's (metadata `actor.name`) or `theater`. What is not information has its level
/// before the text. Facts of the runtime's own messages follow as `key=value`; an actor's text stands
/// alone. A line is bounded, and invisible characters in it are escaped.
struct StderrLogHandler: LogHandler {
    /// The longest text of a line, in bytes.
    static let sizeMax = 16_384

    var metadataProvider: Logger.MetadataProvider?
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { ownLevel ?? shared.value }
        set { ownLevel = newValue }
    }
    private var ownLevel: Logger.Level?
    private let shared: LogLevel
    private let output: any Output
    private let isColoured: Bool
    private let now: @Sendable () -> WallTime

    /// Makes a handler.
    init(
        output: any Output, level: Logger.Level, isColoured: Bool,
        now: @escaping @Sendable () -> WallTime = { .now() }
    ) {
        self.output = output
        shared = LogLevel(level)
        self.isColoured = isColoured
        self.now = now
    }

    /// Makes a handler whose level may change.
    private init(output: any Output, shared: LogLevel, isColoured: Bool) {
        self.output = output
        self.shared = shared
        self.isColoured = isColoured
        now = { .now() }
    }

    /// A logger that writes to the messages of a context.
    static func logger(_ context: CLIContext, isQuiet: Bool) -> Logger {
        logger(context, LogLevel(isQuiet ? .error : .info))
    }

    /// A logger that writes to the messages of a context what is at a level, which may change, or above it.
    static func logger(_ context: CLIContext, _ level: LogLevel) -> Logger {
        Logger(label: "theater") { _ in
            StderrLogHandler(
                output: context.output, shared: level, isColoured: context.usesColour(.messages))
        }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let name = metadata["actor.name"].map { "\($0)" }
        var text = Printable.line("\(event.message)", sizeMax: Self.sizeMax)
        if event.level > .info { text = "\(event.level): \(text)" }
        let facts = event.metadata ?? [:]
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            text += " \(key)=\(Printable.line("\(value)", sizeMax: 1024))"
        }
        let time = TimeText.clock(now())
        let label = "[\(Printable.line(name ?? "theater", sizeMax: 128))]"
        if isColoured {
            let colour = event.level > .info ? 31 : name == nil ? 2 : 36
            output.message("\u{1B}[2m\(time)\u{1B}[0m \u{1B}[\(colour)m\(label)\u{1B}[0m \(text)")
        } else {
            output.message("\(time) \(label) \(text)")
        }
    }
}

/// A level of logs that may change while they are written.
final class LogLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    /// The level.
    var value: Logger.Level { level.withLock { $0 } }

    /// Changes it, for all who write.
    func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }
}
