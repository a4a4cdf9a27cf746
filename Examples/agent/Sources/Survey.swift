// SPDX-License-Identifier: Apache-2.0

import TheaterGuest

/// What the agent does, step by step, and what it found.
struct Survey {
    /// What is looked for in each file.
    private static let mention = "[Aa]ctor"
    /// A pattern with which an expression engine that goes back and forth is not done in a lifetime, on a long line
    /// with a full stop in it.
    private static let endless = #"^(\w+\s?)*$"#

    private struct File {
        var path: String
        var lines: Int64
        var words: Int64
        var size: Int64
        var mentions = 0
    }

    let folder: String
    private var tools = Toolbox()
    private var names: [String] = []
    private var files: [File] = []
    private var troubles: [String] = []

    init(folder: String) { self.folder = folder }

    mutating func run() throws(Failure) {
        names = try tools.names()
        Runtime.log("tools: \(names.joined(separator: ", "))")
        let paths = try list()
        Runtime.log("\(paths.count) files below \(folder)")
        for path in paths { try look(at: path) }
        files.sort { $0.size > $1.size }
        if let longest = files.first {
            _ = try call("search", ("path", longest.path), ("pattern", Self.endless))
        }
    }

    private mutating func list() throws(Failure) -> [String] {
        switch try tools.call("list_files", [("folder", folder)]) {
        case .text(let text):
            return text.utf8.split(separator: UInt8(ascii: "\n")).map { String($0) ?? "" }
        case .failed(let reason), .lost(let reason): throw Failure("no files: \(reason)")
        }
    }

    private mutating func look(at path: String) throws(Failure) {
        guard let counts = try call("count", ("path", path)) else { return }
        let numbers = try JSON(parsing: counts)
        var file = File(
            path: path, lines: numbers["lines"]?.integer ?? 0,
            words: numbers["words"]?.integer ?? 0, size: numbers["bytes"]?.integer ?? 0)
        if let hits = try call("search", ("path", path), ("pattern", Self.mention)) {
            file.mentions = hits.utf8.split(separator: UInt8(ascii: "\n")).count
        }
        files.append(file)
        Runtime.log("\(path): \(file.lines) lines, \(file.mentions) mentions")
    }

    /// Calls a tool on a file; what goes wrong is part of the report.
    private mutating func call(
        _ tool: String, _ arguments: (String, String)...
    ) throws(Failure) -> String? {
        let path = arguments.first?.1 ?? ""
        switch try tools.call(tool, arguments) {
        case .text(let text): return text
        case .failed(let reason): troubles.append("\(tool) of \(path): \(reason)")
        case .lost(let reason): troubles.append("\(tool) of \(path) left out: \(reason)")
        }
        return nil
    }

    // MARK: The report

    /// The result for people.
    var report: String {
        var text = "\(folder), seen with \(names.joined(separator: ", "))\n"
        let lines = files.reduce(0) { $0 + $1.lines }
        let words = files.reduce(0) { $0 + $1.words }
        text += "\(files.count) files, \(lines) lines, \(words) words\n"
        for file in files.prefix(5) {
            text += "  \(file.path): \(file.lines) lines, \(file.mentions) with an actor in them\n"
        }
        text += "the server ended over a call \(tools.crashes) times and was started again\n"
        for trouble in troubles.prefix(20) { text += "  \(trouble)\n" }
        return text
    }
}
