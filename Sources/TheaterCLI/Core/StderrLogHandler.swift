// SPDX-License-Identifier: Apache-2.0

internal import Logging
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
    var logLevel: Logger.Level
    private let output: any Output
    private let isColoured: Bool
    private let now: @Sendable () -> WallTime

    /// Makes a handler.
    init(
        output: any Output, level: Logger.Level, isColoured: Bool,
        now: @escaping @Sendable () -> WallTime = { .now() }
    ) {
        self.output = output
        logLevel = level
        self.isColoured = isColoured
        self.now = now
    }

    /// A logger that writes to the messages of a context.
    static func logger(_ context: CLIContext, isQuiet: Bool) -> Logger {
        Logger(label: "theater") { _ in
            StderrLogHandler(
                output: context.output, level: isQuiet ? .error : .info,
                isColoured: context.usesColour(.messages))
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
