// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterClient

/// Which node is meant.
struct ClientOptions: ParsableArguments {
    @OptionGroup var data: DataOptions

    @Option(
        name: .customLong("socket"),
        help: ArgumentHelp(
            "The socket of the node; THEATER_SOCKET without it, or theater.sock in the data directory.",
            valueName: "path"),
        completion: .file())
    var socket: String?

    @Option(
        name: .customLong("server"),
        help: ArgumentHelp(
            "The address of the node instead, such as http://127.0.0.1:7000; THEATER_SERVER without it.",
            discussion: """
                The token is in THEATER_TOKEN; for https, THEATER_AUTHORITY names a file in PEM with the \
                certificates by which the node's is known, if the system's do not.
                """, valueName: "address"))
    var server: String?

    func validate() throws {
        if socket != nil, server != nil {
            throw ValidationError("--socket and --server exclude each other")
        }
    }

    /// Whether the node that is meant is that of the data directory, whose chains can be read without it.
    func meansDataDirectory(in context: CLIContext) -> Bool {
        guard socket == nil, server == nil else { return false }
        return data.directory != nil
            || ["THEATER_SERVER", "THEATER_SOCKET"].allSatisfy {
                (context.environment($0) ?? "").isEmpty
            }
    }

    /// The node that is meant.
    private func client(in context: CLIContext) throws(CLIError) -> TheaterClient {
        let isLocal = socket != nil || data.directory != nil
        guard let address = server ?? (isLocal ? nil : context.environment("THEATER_SERVER")),
            !address.isEmpty
        else { return TheaterClient(socketPath: try socketPath(in: context)) }
        do throws(ClientError) {
            return try TheaterClient(
                address: address, token: context.environment("THEATER_TOKEN"),
                authority: context.environment("THEATER_AUTHORITY").flatMap {
                    $0.isEmpty ? nil : $0
                })
        } catch {
            throw CLIError(error)
        }
    }

    /// The path of the socket that is meant.
    func socketPath(in context: CLIContext) throws(CLIError) -> String {
        if let socket {
            guard !socket.isEmpty else { throw .usage("--socket needs a path") }
            return socket
        }
        if data.directory == nil, let path = context.environment("THEATER_SOCKET"), !path.isEmpty {
            return path
        }
        return Files.join(try data.resolved(in: context), "theater.sock")
    }

    /// Talks to the node that is meant.
    func withClient<Result: Sendable>(
        in context: CLIContext, _ body: (TheaterClient) async throws(ClientError) -> Result
    ) async throws(CLIError) -> Result {
        let client = try client(in: context)
        let outcome: Swift.Result<Result, ClientError>
        do throws(ClientError) {
            outcome = .success(try await body(client))
        } catch {
            outcome = .failure(error)
        }
        await client.close()
        do throws(ClientError) {
            return try outcome.get()
        } catch {
            throw CLIError(error)
        }
    }
}
