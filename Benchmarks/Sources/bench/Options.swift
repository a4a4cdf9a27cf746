// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the command line says.
struct Options {
    var filter: String?
    var isJSON = false
    var rounds = 15
    var warmUp = 3
    var divisor = 1
    var theater: String?
    var erlang: String?
    var node: String?
    var folder: String
    /// The one row that this process measures for another; it prints figures as JSON.
    var alone: String?
    var showsHelp = false

    static let help = """
        Usage: bench [options]

        Measures speed and size of the runtime beside a C program on the same library, and beside
        Erlang/OTP.

          --filter TEXT      only what has TEXT in its name, such as Spawn or Call.typed
          --rounds N         rounds that count (15); 3 more warm up
          --quick            a tenth of the work in 5 rounds: for trying it out, not for figures
          --json             print JSON instead of a table
          --theater PATH     the release build of the command line tool
          --erlang PATH      the folder of the compiled Erlang programs
          --node PATH        the program for Node
          --folder PATH      where journals are written (.build/bench-data); the disk that is measured
          --help             this text
        """

    /// Reads the arguments.
    init(_ arguments: [String]) throws {
        folder = FileManager.default.currentDirectoryPath + "/.build/bench-data"
        var rest = arguments[...]
        func value(_ name: String) throws -> String {
            guard let value = rest.popFirst() else { throw BenchError("\(name) needs a value") }
            return value
        }
        func number(_ name: String) throws -> Int {
            let text = try value(name)
            guard let number = Int(text), (1...1_000_000).contains(number) else {
                throw BenchError("\(name) is a number from 1, not '\(text)'")
            }
            return number
        }
        while let argument = rest.popFirst() {
            switch argument {
            case "--filter": filter = try value(argument)
            case "--rounds": rounds = try number(argument)
            case "--json": isJSON = true
            case "--theater": theater = try value(argument)
            case "--erlang": erlang = try value(argument)
            case "--node": node = try value(argument)
            case "--folder": folder = try value(argument)
            case "--alone": alone = try value(argument)
            case "--divisor": divisor = try number(argument)
            case "--quick":
                divisor = 10
                rounds = 5
            case "--help", "-h": showsHelp = true
            default: throw BenchError("'\(argument)' is not an option; --help lists them")
            }
        }
    }

    /// Whether a row has figures that are to be shown: its name has the filter in it, or begins it.
    func wants(row: String) -> Bool {
        filter.map { row.contains($0) || $0.hasPrefix(row) } ?? true
    }

    /// Whether a figure of a row is to be shown.
    func wants(_ figure: String, of row: String) -> Bool {
        filter.map { row.contains($0) || figure.contains($0) } ?? true
    }

    /// The options that a process of its own gets for one row.
    func arguments(forRow name: String) -> [String] {
        ["--alone", name, "--rounds", "\(rounds)", "--divisor", "\(divisor)", "--folder", folder]
            + (theater.map { ["--theater", $0] } ?? [])
            + (erlang.map { ["--erlang", $0] } ?? [])
            + (node.map { ["--node", $0] } ?? [])
    }

    /// What rows need to know.
    var setting: Setting {
        var tool: String?
        if let theater, FileManager.default.isExecutableFile(atPath: theater) {
            tool = URL(fileURLWithPath: theater).standardizedFileURL.path
        }
        return Setting(
            rounds: Rounds(count: rounds, warmUp: warmUp),
            folder: "\(folder)/\(ProcessInfo.processInfo.processIdentifier)", theater: tool,
            erlang: erlang, node: node, divisor: divisor)
    }
}
