// SPDX-License-Identifier: Apache-2.0

import Synchronization

@testable import TheaterCLI

/// Keeps what a command writes.
final class Capture: Output {
    private let streams = Mutex<(results: [UInt8], messages: [UInt8])>(([], []))
    private let terminal: Bool
    private let columns: Int

    init(isTerminal: Bool = false, columns: Int = 80) {
        terminal = isTerminal
        self.columns = columns
    }

    var isBroken: Bool { false }

    func write(_ bytes: [UInt8], to stream: OutputStream) {
        streams.withLock { streams in
            switch stream {
            case .results: streams.results += bytes
            case .messages: streams.messages += bytes
            }
        }
    }

    func isTerminal(_ stream: OutputStream) -> Bool { terminal }
    func width(_ stream: OutputStream) -> Int { columns }

    /// The results, as text.
    var results: String { String(decoding: streams.withLock { $0.results }, as: UTF8.self) }
    /// The result bytes.
    var resultBytes: [UInt8] { streams.withLock { $0.results } }
    /// The messages, as text.
    var messages: String { String(decoding: streams.withLock { $0.messages }, as: UTF8.self) }
}

/// Runs the program in this process.
struct InProcess {
    let output: Capture
    let status: CommandStatus

    init(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:],
        output: Capture = Capture()
    ) async {
        self.output = output
        let context = CLIContext(
            output: output,
            input: { (sizeMax) throws(CLIError) in
                guard input.count <= sizeMax else {
                    throw CLIError(.usage, "cli.too-large", "too large")
                }
                return input
            },
            environment: { environment[$0] }, variables: { environment })
        status = await CommandLineTool.run(arguments, in: context)
    }

    var results: String { output.results }
    var messages: String { output.messages }
}
