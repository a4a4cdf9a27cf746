// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

/// The built `theater` program.
enum Program {
    struct Missing: Error {}

    /// Where it is: beside the test bundle.
    static func path() throws -> String {
        var folders = [URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()]
        folders += CommandLine.arguments.map { URL(filePath: $0) }
        for file in folders {
            let candidate = file.deletingLastPathComponent().appending(path: "theater").path()
            if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
        }
        throw Missing()
    }

    /// Runs another program to its end; what it wrote to standard output, and to standard error if that is wanted.
    static func output(
        of arguments: [String], in folder: Folder? = nil, withErrors: Bool = false,
        environment: [String: String]? = nil
    ) async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder.url }
        if let environment { process.environment = environment }
        let output = Pipe()
        process.standardOutput = output
        if withErrors { process.standardError = output }
        try process.run()
        return await withCheckedContinuation { continuation in
            // A thread of its own: it blocks until the program has ended.
            Thread.detachNewThread {
                let data = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: data, as: UTF8.self))
            }
        }
    }
}

/// A `theater` process, with its streams.
final class RunningProgram: Sendable {
    private let process: Process
    private let lines: AsyncStream<String>
    private let ended: AsyncStream<Int32>
    private let resultsFile: URL
    private let messages = Mutex<[UInt8]>([])

    /// - Parameter onLine: gets each line of standard error at once, whatever keeps the tests busy.
    init(
        _ arguments: [String], in folder: Folder, input: [UInt8]? = nil,
        environment: [String: String] = [:], onLine: (@Sendable (String) -> Void)? = nil
    ) throws {
        process = Process()
        process.executableURL = URL(filePath: try Program.path())
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        var variables = ProcessInfo.processInfo.environment
        variables["THEATER_HOME"] = folder.path("data")
        variables.merge(environment) { $1 }
        process.environment = variables
        resultsFile = folder.url.appending(path: ".results-\(UUID().uuidString)")
        try Data().write(to: resultsFile)
        process.standardOutput = try FileHandle(forWritingTo: resultsFile)
        let inputFile = folder.url.appending(path: ".input-\(UUID().uuidString)")
        try Data(input ?? []).write(to: inputFile)
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        let pipe = Pipe()
        process.standardError = pipe
        let (lines, lineWriter) = AsyncStream.makeStream(of: String.self)
        let (ended, endWriter) = AsyncStream.makeStream(of: Int32.self)
        self.lines = lines
        self.ended = ended
        try process.run()
        let process = process
        // A thread of its own: it blocks until the process closes the stream.
        let reader = Thread { [weak self] in
            var line: [UInt8] = []
            while true {
                let data = pipe.fileHandleForReading.availableData
                if data.isEmpty { break }
                self?.messages.withLock { $0 += data }
                for byte in data {
                    if byte == 0x0A {
                        let text = String(decoding: line, as: UTF8.self)
                        onLine?(text)
                        lineWriter.yield(text)
                        line = []
                    } else {
                        line.append(byte)
                    }
                }
            }
            lineWriter.finish()
            process.waitUntilExit()
            let isSignal = process.terminationReason == .uncaughtSignal
            endWriter.yield(isSignal ? -process.terminationStatus : process.terminationStatus)
            endWriter.finish()
        }
        reader.start()
    }

    /// Waits for a line of standard error that contains a text.
    func line(containing text: String) async throws -> String {
        for await line in lines where line.contains(text) { return line }
        Issue.record("no line contains '\(text)':\n\(stderr)")
        throw Program.Missing()
    }

    /// Waits for the end. A signal that ended the process counts negative.
    func status() async -> Int32 {
        for await status in ended { return status }
        return .min
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Whether the process has ended.
    var isOver: Bool { !process.isRunning }

    var stdout: String {
        (try? Data(contentsOf: resultsFile)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    var stderr: String { String(decoding: messages.withLock { $0 }, as: UTF8.self) }
}

/// A `theater` process that has ended.
struct Finished {
    let status: Int32
    let stdout: String
    let stderr: String

    init(
        _ arguments: [String], in folder: Folder, input: [UInt8]? = nil,
        environment: [String: String] = [:]
    ) async throws {
        let program = try RunningProgram(
            arguments, in: folder, input: input, environment: environment)
        status = await program.status()
        stdout = program.stdout
        stderr = program.stderr
    }
}

/// A folder that goes away with the test.
final class Folder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "theater-cli-\(UUID())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path() }

    func write(_ text: String, to name: String) throws { try write(Array(text.utf8), to: name) }

    func write(_ bytes: [UInt8], to name: String) throws {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: url.appending(path: name)))
    }
}
