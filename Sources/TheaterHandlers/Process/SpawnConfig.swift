// SPDX-License-Identifier: Apache-2.0

internal import TheaterValue

/// What an actor asks for with `os-spawn`: the interface's `process-config`.
struct SpawnConfig: Sendable {
    let program: String
    let arguments: [String]
    let folder: String?
    let environment: [(name: String, value: String)]
    let bufferSize: Int
    let outputMode: OutputMode
    let errorMode: OutputMode
    /// `nil` when the actor does not say.
    let chunkSize: Int?
    /// In seconds; `nil` for none.
    let timeout: UInt64?

    /// Reads the record, which may lack the timeout; `nil` when it is of another type.
    init?(_ value: Value) {
        guard let program = value.field(named: "program")?.asString,
            let arguments = value.field(named: "args")?.asItems,
            let folder = value.field(named: "cwd")?.asOption,
            let variables = value.field(named: "env")?.asItems,
            let bufferSize = value.field(named: "buffer-size")?.integer(as: Int.self),
            let outputMode = Self.mode(value.field(named: "stdout-mode")),
            let errorMode = Self.mode(value.field(named: "stderr-mode")),
            let chunkSize = value.field(named: "chunk-size")?.asOption
        else { return nil }
        self.program = program
        self.arguments = arguments.compactMap(\.asString)
        self.folder = folder?.asString
        environment = variables.compactMap { pair in
            guard let items = pair.asItems, items.count == 2, let name = items[0].asString,
                let value = items[1].asString
            else { return nil }
            return (name, value)
        }
        guard self.arguments.count == arguments.count, environment.count == variables.count
        else { return nil }
        self.bufferSize = bufferSize
        self.outputMode = outputMode
        self.errorMode = errorMode
        self.chunkSize = chunkSize?.integer(as: Int.self)
        if let timeout = value.field(named: "execution-timeout")?.asOption {
            self.timeout = timeout?.integer(as: UInt64.self)
        } else {
            timeout = nil
        }
    }

    private static func mode(_ value: Value?) -> OutputMode? {
        value?.asVariant.flatMap { OutputMode(rawValue: Int($0.tag)) }
    }

    /// The size of a piece when the actor says 0.
    static let bufferSizeDefault = 8192
    /// The size of a chunk when the actor does not say.
    static let chunkSizeDefault = 4096

    /// The bound of a piece in a mode.
    func limit(_ mode: OutputMode, max: Int) -> Int {
        let asked =
            switch mode {
            case .raw, .lines, .json: bufferSize == 0 ? Self.bufferSizeDefault : bufferSize
            case .chunks: chunkSize.flatMap { $0 == 0 ? nil : $0 } ?? Self.chunkSizeDefault
            }
        return min(asked, max)
    }
}
