// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// A run of a tool of the toolchain.
struct Command {
    let tool: String
    let arguments: [String]
    let environment: [String: String]

    /// How long a tool may take: five minutes.
    static let secondsMax = 300
    /// How much of what a tool prints is kept: 1 MiB.
    static let outputMax = 1 << 20

    /// How a run ended.
    struct Outcome {
        let isSuccess: Bool
        /// What the tool printed.
        let output: String
    }

    /// Runs the tool and waits for its end.
    ///
    /// Output goes to a file, so that a tool which prints much does not wait for a reader.
    func run(scratch: String) throws(BuildError) -> Outcome {
        let log = Paths.join(scratch, "output-\(UUID().uuidString).txt")
        defer { Files.remove(log) }
        guard FileManager.default.createFile(atPath: log, contents: nil),
            let handle = FileHandle(forWritingAtPath: log)
        else { throw BuildError(.unwritable, "\(log) cannot be written; make room there") }
        defer { try? handle.close() }
        let process = Process()
        process.executableURL = URL(filePath: tool)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = handle
        process.standardError = handle
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        do {
            try process.run()
        } catch {
            throw BuildError(.tool, "\(tool) cannot be started: \(Files.reason(error))")
        }
        guard ended.wait(timeout: .now() + .seconds(Self.secondsMax)) == .success else {
            process.terminate()
            throw BuildError(
                .tool,
                "\(tool) did not end within \(Self.secondsMax) seconds and was stopped; "
                    + "look for an expression that is hard to type-check and split it",
                output: Self.output(log))
        }
        let isSuccess = process.terminationReason == .exit && process.terminationStatus == 0
        return Outcome(isSuccess: isSuccess, output: Self.output(log))
    }

    private static func output(_ log: String) -> String {
        guard let handle = FileHandle(forReadingAtPath: log) else { return "" }
        defer { try? handle.close() }
        let data = (try? handle.read(upToCount: outputMax)) ?? nil
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
