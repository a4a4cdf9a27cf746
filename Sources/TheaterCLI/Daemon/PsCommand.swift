// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient

/// `theater ps`: the live actors of a node.
struct PsCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ps", abstract: "List the live actors of a node.")

    @OptionGroup var client: ClientOptions
    @OptionGroup var form: ListForm

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let output = context.output
        let width = output.width(.results)
        let lines = try await client.withClient(in: context) { (client) throws(ClientError) in
            var lines =
                form.json || form.quiet
                ? [] : ["ACTOR     NAME                      STATUS      WAITING"]
            try await client.eachActor { lines.append(line($0, width: width)) }
            return lines
        }
        output.results(lines)
        return .success
    }

    private func line(_ actor: JSONValue, width: Int) -> String {
        if form.json { return actor.description }
        if form.quiet { return actor["id"]?.string ?? "" }
        let name = Printable.line(actor["name"]?.string ?? "-", sizeMax: 256)
        var line = String((actor["id"]?.string ?? "").prefix(8))
        line += "  " + Printable.pad(Printable.cut(name, to: 24), 24)
        line += "  " + Printable.pad(actor["status"]?.string ?? "-", 10)
        line += "  " + Printable.padLeft(String(actor["mailbox"]?.integer(as: Int.self) ?? 0), 7)
        return Printable.cut(line, to: width)
    }
}

/// How a list is printed.
struct ListForm: ParsableArguments {
    @Flag(help: "Print one JSON object for each.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print identities only.")
    var quiet = false

    func validate() throws {
        if json, quiet { throw ValidationError("--json and --quiet exclude each other") }
    }
}

/// `theater tree`: the live actors below their parents.
struct TreeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "tree", abstract: "Show the live actors of a node below their parents.")

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object for each tree.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let roots = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.tree()
        }
        for root in roots {
            if json {
                context.output.result(root.description)
            } else {
                let width = context.output.width(.results)
                context.output.results(Self.lines(root).map { Printable.cut($0, to: width) })
            }
        }
        return .success
    }

    private static func lines(_ root: JSONValue) -> [String] {
        var lines = [line(root)]
        add(root["children"]?.array ?? [], indent: "", &lines)
        return lines
    }

    private static func add(_ children: [JSONValue], indent: String, _ lines: inout [String]) {
        for (index, child) in children.enumerated() {
            let isLast = index == children.count - 1
            lines.append(indent + (isLast ? "└─ " : "├─ ") + line(child))
            add(child["children"]?.array ?? [], indent: indent + (isLast ? "   " : "│  "), &lines)
        }
    }

    private static func line(_ actor: JSONValue) -> String {
        let restarts = actor["restarts"]?.integer(as: Int.self) ?? 0
        let times = restarts == 1 ? "once" : "\(restarts) times"
        return Printable.line(actor["name"]?.string ?? "-", sizeMax: 256) + " ("
            + String((actor["id"]?.string ?? "").prefix(8)) + ") "
            + (actor["status"]?.string ?? "-") + (restarts == 0 ? "" : ", started again \(times)")
    }
}
