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
        // Asked once: an option looks for its type each time.
        let (isJSON, isQuiet) = (form.json, form.quiet)
        let width = isJSON || isQuiet ? nil : output.tableWidth()
        try await client.withClient(in: context) { (client) throws(ClientError) in
            var text = LineText(width: width)
            if !isJSON, !isQuiet {
                text.add("ACTOR     NAME                      STATUS      WAITING".utf8)
                text.end()
            }
            try await client.eachActor { actor in
                if isJSON {
                    text.add(actor)
                } else if isQuiet {
                    text.add(Self.member("id", actor).utf8)
                } else {
                    Self.add(actor, to: &text, isCut: width != nil)
                }
                text.end()
                if text.bytes.count >= Self.sizeAtOnce { text.flush(to: output) }
            }
            text.flush(to: output)
        }
        return .success
    }

    /// From how many bytes on they are written.
    private static let sizeAtOnce = 65_536

    private static func add(_ actor: JSONValue, to text: inout LineText, isCut: Bool) {
        let name = member("name", actor)
        text.add(member("id", actor).utf8.prefix(8), columns: 10)
        text.add((isCut ? Printable.cut(name, to: 24) : name).utf8, columns: 24)
        text.add("  ".utf8)
        text.add(member("status", actor).utf8, columns: 12)
        text.add(actor["mailbox"]?.integer() ?? 0, columns: 7)
    }

    private static func member(_ name: String, _ actor: JSONValue) -> String {
        Printable.line(actor[name]?.string ?? "-", sizeMax: 256)
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
                let width = context.output.tableWidth() ?? .max
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
