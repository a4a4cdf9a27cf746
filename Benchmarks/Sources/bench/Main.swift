// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Measures the table of the README.
@main
struct Bench {
    private static let rows =
        CommandRows.rows + SpawnRows.rows + CallRows.rows + HostCallRows.rows + ActorRows.rows
        + ValueRows.rows + JournalRows.rows + ReplayRows.rows + RecoveryRows.rows
        + RuntimeRows.rows + SupervisionRows.rows + ControlRows.rows + ProcessRows.rows
        + NodeRows.rows

    static func main() async {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            if options.showsHelp {
                print(Options.help)
            } else if let name = options.alone {
                try await measureAlone(name, options)
            } else {
                try await measureAll(options)
            }
        } catch {
            FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func measureAll(_ options: Options) async throws {
        let machine = Machine.now()
        if !options.isJSON { print(Report.header(machine) + "\n") }
        var figures: [Figure] = []
        for row in rows where options.wants(row: row.name) {
            let measured: [Figure] =
                switch row.place {
                case .here: try await measure(row, options)
                case .alone: try measureInChild(row, options)
                }
            for figure in measured where options.wants(figure.name, of: row.name) {
                figures.append(figure)
                if !options.isJSON { print(Report.lines(figure)) }
                fflush(nil)
            }
        }
        print(options.isJSON ? try Report.json(machine, figures) : Report.summary(figures))
    }

    /// Measures one row in a folder that is gone afterwards.
    ///
    /// Runs on the cooperative pool, as callers of actors do, not on the main thread.
    @concurrent
    private static func measure(_ row: Row, _ options: Options) async throws -> [Figure] {
        let setting = options.setting
        let files = FileManager.default
        try files.createDirectory(atPath: setting.folder, withIntermediateDirectories: true)
        defer { try? files.removeItem(atPath: setting.folder) }
        return try await row.run(setting)
    }

    private static func measureInChild(_ row: Row, _ options: Options) throws -> [Figure] {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let child = try Child(
            [program] + options.arguments(forRow: row.name), reading: .standardOutput,
            isQuiet: false)
        let output = child.allOutput()
        let status = child.wait()
        guard status == 0 else {
            throw BenchError("the process that measured \(row.name) ended with \(status)")
        }
        return try JSONDecoder().decode([Figure].self, from: Data(output.utf8))
    }

    /// This process is the one that `measureInChild` started.
    private static func measureAlone(_ name: String, _ options: Options) async throws {
        guard let row = rows.first(where: { $0.name == name }) else {
            throw BenchError("there is no row named '\(name)'")
        }
        if case .alone(let cores?) = row.place { Machine.use(cores: cores) }
        let figures = try await measure(row, options)
        print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }
}
