// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterLaunch
import TheaterPlatform
import TheaterTesting

@testable import TheaterProcess

/// What a test does with programs.
enum Run {
    /// Starts a program with a fixed environment.
    static func start(
        _ host: ProcessHost, _ program: String, _ arguments: String...,
        change: (inout ProgramOrder) -> Void = { _ in }
    ) async throws -> RunningProgram {
        var order = ProgramOrder(
            try ProgramFile.open(program), arguments: arguments,
            environment: ["PATH=/usr/local/bin:/usr/bin:/bin"])
        change(&order)
        return try await host.start(order)
    }

    /// Everything that a stream has until its end.
    static func all(_ output: ProgramOutput?) async -> String {
        var bytes: [UInt8] = []
        while let more = await output?.read(4096) { bytes += more }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The reports until the last one.
    static func reports(_ program: RunningProgram) async -> [LaunchReport] {
        var reports: [LaunchReport] = []
        while let report = await program.nextReport() {
            reports.append(report)
            if report == .gone { break }
        }
        return reports
    }

    /// Whether a process of a number is there, as a zombie or otherwise.
    static func exists(_ pid: some BinaryInteger) -> Bool { kill(pid_t(pid), 0) == 0 }

    /// The processes whose command line contains a text.
    static func processes(with text: String) -> [pid_t] {
        SystemProcesses.withCommandLine(containing: text)
    }

    /// Lets others run; a test that waits for what never comes ends with its time.
    static func pause() async throws {
        try Task.checkCancellation()
        // Processes of the system give no notice.
        try await Sleeper.sleep(for: .milliseconds(2))
    }

    /// Waits until no process has a text in its command line.
    static func noneLeft(_ text: String) async throws {
        while !processes(with: text).isEmpty { try await pause() }
    }

    /// A number that a test's processes carry in their command line, so that they are found.
    static func mark() -> String { "\(Int.random(in: 100_000_000...999_999_999))" }

    /// The descriptors that this process has open.
    static var openDescriptors: Int { SystemProcesses.openDescriptors }

    /// The keeper of a program that writes `$PPID` first.
    static func keeper(of program: RunningProgram) async throws -> pid_t {
        var text = ""
        while !text.contains("\n"), let bytes = await program.output?.read(100) {
            text += String(decoding: bytes, as: UTF8.self)
        }
        return try #require(text.split(separator: "\n").first.flatMap { pid_t($0) })
    }
}

/// A folder that goes with the test.
final class TestFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "theater-process-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a program.
    func program(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
        return file
    }
}
