// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterPlatform

/// Reads an actor's chain from a node, and follows it if wanted; without a node, from the data directory.
struct ChainReading: Sendable {
    let actor: String
    let types: [String]
    let from: UInt64?
    let follows: Bool

    /// Reads until the end: of the chain, of the actor, or of the user's patience.
    func run(
        _ options: ClientOptions, in context: CLIContext,
        event: @escaping @Sendable (ChainEvent) -> Void,
        gap: @escaping @Sendable (_ first: UInt64, _ count: UInt64) -> Void
    ) async throws(CLIError) -> CommandStatus {
        do throws(CLIError) {
            try await ask(options, in: context, event, gap)
        } catch {
            guard error.code == ClientError.Code.noNode.rawValue, !follows,
                options.meansDataDirectory(in: context)
            else { throw error }
            let path = try options.data.resolved(in: context)
            guard Files.kind(Files.join(path, "journal")) == .folder else { throw error }
            try read(path, context.output, event)
        }
        return .success
    }

    private func ask(
        _ options: ClientOptions, in context: CLIContext,
        _ event: @escaping @Sendable (ChainEvent) -> Void,
        _ gap: @escaping @Sendable (_ first: UInt64, _ count: UInt64) -> Void
    ) async throws(CLIError) {
        let output = context.output
        try await options.withClient(in: context) { (client) throws(ClientError) in
            guard follows else {
                try await readPages(client, output, event)
                return
            }
            try await client.follow(actor, from: from, types: types) { attempt in
                try await Sleeper.sleep(for: .milliseconds(100 << min(attempt, 6)))
            } take: { item in
                switch item {
                case .event(let json): if let known = ChainEvent(json) { event(known) }
                case .gap(let first, let count): gap(first, count)
                case .interrupted(let error):
                    output.message("the connection was lost and is made again: \(error)")
                }
                return !output.isBroken
            }
        }
    }

    private func read(
        _ dataDirectory: String, _ output: any Output, _ event: (ChainEvent) -> Void
    ) throws(CLIError) {
        let directory = try ChainDirectory(dataDirectory: dataDirectory)
        let chain = try directory.chain(actor)
        do throws(JournalError) {
            var cursor = try directory.reader.events(of: chain.actor, in: (from ?? 0)..<UInt64.max)
            while !output.isBroken, let known = try cursor.next() {
                let isWanted = types.contains {
                    known.type == $0 || $0.hasSuffix("/") && known.type.hasPrefix($0)
                }
                if isWanted || types.isEmpty { event(known) }
            }
        } catch {
            throw CLIError(error)
        }
    }

    private func readPages(
        _ client: TheaterClient, _ output: any Output, _ event: (ChainEvent) -> Void
    ) async throws(ClientError) {
        var next = from ?? 0
        while !output.isBroken {
            let page = try await client.events(of: actor, from: next, types: types)
            for known in page.events.compactMap({ ChainEvent($0) }) { event(known) }
            guard let further = page.next else { return }
            next = further
        }
    }
}

extension ChainEvent {
    /// Reads the document of an event; `nil` for what is none.
    init?(_ json: JSONValue) {
        func digest(_ name: String) -> Digest? { json[name]?.string.flatMap { Digest(hex: $0) } }
        guard let actor = json["actor"]?.string.flatMap({ ActorID($0) }),
            let sequence: UInt64 = json["sequence"]?.integer(), let type = json["type"]?.string,
            let time: Int64 = json["time_nanoseconds"]?.integer(), let parent = digest("parent"),
            let payloadDigest = digest("payload_digest"), let hash = digest("hash")
        else { return nil }
        self.init(
            actor: actor, sequence: sequence, parent: parent, type: type,
            time: WallTime(nanoseconds: time),
            payload: json["payload"]?.string.flatMap { Base64.decode($0) },
            payloadDigest: payloadDigest, hash: hash)
    }
}
