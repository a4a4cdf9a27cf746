// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient

/// `theater token`: who may reach a node beside its owner.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Give tokens for a node, and take them back.",
        discussion: """
            The socket of a node needs none. Through --listen it is reached with a token, which is shown \
            once, when it is made; the node keeps its hash. Scopes, each with those before it: observe \
            (look), message (send, request, call), operate (start, stop), admin (tokens).

            Examples:
              theater token create dashboard --scope observe
              THEATER_TOKEN=… theater ps --server http://127.0.0.1:7000
              theater token revoke dashboard
            """,
        subcommands: [
            TokenCreateCommand.self, TokenListCommand.self, TokenRevokeCommand.self,
        ],
        defaultSubcommand: TokenListCommand.self)
}

/// `theater token create`: makes a token.
struct TokenCreateCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a token, and print it this once.",
        discussion: "With --json: {\"name\", \"scope\", \"created\", \"token\"}.")

    @Argument(help: "What the audit is to call its bearer.")
    var name: String

    @Option(
        help: "What it allows: observe, message, operate or admin.",
        completion: .list(Scope.allCases.map(\.rawValue)))
    var scope: String

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard Scope(rawValue: scope) != nil else {
            throw ValidationError(
                "'\(scope)' is no scope; write observe, message, operate or admin")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let (name, scope) = (name, Scope(rawValue: scope) ?? .observe)
        let made = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.createToken(name, scope: scope)
        }
        context.output.result(json ? made.description : made["token"]?.string ?? "")
        return .success
    }
}

/// `theater token list`: the tokens there are.
struct TokenListCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the tokens, without themselves; --quiet names only.",
        discussion: "With --json each is a line {\"name\", \"scope\", \"created\"}.")

    @OptionGroup var client: ClientOptions
    @OptionGroup var form: ListForm

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let tokens = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.tokens()
        }
        if form.json {
            for token in tokens { context.output.result(token) }
            return .success
        }
        var table = TextTable([
            .init(title: "NAME", givesWay: true), .init(title: "SCOPE"), .init(title: "MADE"),
        ])
        for token in tokens {
            let name = Printable.line(token["name"]?.string ?? "-", sizeMax: 256)
            guard !form.quiet else {
                context.output.result(name)
                continue
            }
            table.add([name, token["scope"]?.string ?? "-", token["created"]?.string ?? "-"])
        }
        if !form.quiet { context.output.results(table.lines(width: context.output.tableWidth())) }
        return .success
    }
}

/// `theater token revoke`: takes a token back.
struct TokenRevokeCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Take a token back; it is refused from then on.",
        discussion: "With --json: {\"name\"}.")

    @Argument(help: "The token's name.", completion: NameCompletion.tokens)
    var name: String

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let name = name
        try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.revokeToken(name)
        }
        if json { context.output.result(.object([("name", .string(name))])) }
        return .success
    }
}
