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
        let client = TheaterClient(socketPath: try socketPath(in: context))
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
