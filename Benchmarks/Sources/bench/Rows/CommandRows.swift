// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The command line tool, as a person meets it: from the start of a process to what it shows.
enum CommandRows {
    static let rows = [
        Row(name: "Command", place: .here) { setting in
            let version = Figure(
                name: "Command.version", what: "theater --version", unit: .nanoseconds,
                peerName: "/bin/true", target: .atMost(30_000_000))
            let run = Figure(
                name: "Command.run.firstLine",
                what: "theater run of a cached hello, to its first log line", unit: .nanoseconds,
                target: .atMost(150_000_000))
            guard let theater = setting.theater else {
                return [version, run].map { figure in
                    var figure = figure
                    figure.note =
                        "SKIPPED: there is no release build of theater; make it with: swift build -c "
                        + "release --product theater, or name it with --theater"
                    return figure
                }
            }
            return [
                try await measureVersion(setting, theater, version),
                try await measureRun(setting, theater, run),
            ]
        }
    ]

    private static let rounds = Rounds(count: 20, warmUp: 3)

    private static func measureVersion(
        _ setting: Setting, _ theater: String, _ figure: Figure
    ) async throws -> Figure {
        func life(_ arguments: [String]) throws -> Double {
            let start = clockNanoseconds()
            let child = try Child(arguments, reading: .standardOutput)
            _ = child.allOutput()
            let status = child.wait()
            guard status == 0 else { throw BenchError("'\(arguments)' ended with \(status)") }
            return Double(clockNanoseconds() - start)
        }
        return try await rounds.measure(figure, times: 1) {
            try life(["/bin/true"])
        } ours: {
            try life([theater, "--version"])
        }
    }

    /// Makes and builds a hello as a new user would, runs it once to fill the cache, then measures.
    private static func measureRun(
        _ setting: Setting, _ theater: String, _ figure: Figure
    ) async throws -> Figure {
        let project = setting.folder + "/hello"
        var figure = figure
        do {
            try Child.run([theater, "new", "hello"], in: setting.folder)
            try Child.run([theater, "build"], in: project)
        } catch {
            figure.note = "SKIPPED: no hello could be built: \(error)"
            return figure
        }
        return try await rounds.measure(figure, times: 1) {
            let start = clockNanoseconds()
            let child = try Child([theater, "run", project], reading: .standardError)
            let line = child.firstLine()
            let spent = Double(clockNanoseconds() - start)
            child.terminate()
            let status = child.wait()
            guard line.contains("ready") else {
                throw BenchError("theater run ended with \(status) and said: \(line)")
            }
            return spent
        }
    }
}
