// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterPlatform

/// What a shell offers where a command wants a name. Who cannot be asked offers nothing.
enum NameCompletion {
    /// The live actors of the node that the other words mean.
    static var actors: CompletionKind {
        .custom { words, _, _ in
            await names(of: words) { (client) throws(ClientError) in
                try await client.actors().map { ($0["name"]?.string, $0["id"]?.string) }
            }
        }
    }

    /// The tokens of that node.
    static var tokens: CompletionKind {
        .custom { words, _, _ in
            await names(of: words) { (client) throws(ClientError) in
                try await client.tokens().map { ($0["name"]?.string, nil) }
            }
        }
    }

    /// The chains of the data directory that the other words mean, the newest first.
    static var chains: CompletionKind {
        .custom { words, _, _ in
            let context = CLIContext.system(SystemOutput())
            guard let options = options(in: words),
                let data = try? options.data.resolved(in: context),
                let directory = try? ChainDirectory(dataDirectory: data)
            else { return [] }
            return offered(
                directory.reader.lifeChains().reversed().map { ($0.name, $0.actor.description) })
        }
    }

    /// How many are offered.
    private static let countMax = 1000
    /// Nobody waits longer at the key.
    private static let patience = Duration.seconds(1)

    private static func names(
        of words: [String],
        _ ask: @escaping @Sendable (TheaterClient) async throws(ClientError) -> [(String?, String?)]
    ) async -> [String] {
        guard let options = options(in: words) else { return [] }
        return await withTaskGroup(of: [String].self) { group in
            group.addTask {
                let context = CLIContext.system(SystemOutput())
                return (try? await options.withClient(in: context, ask)).map(offered) ?? []
            }
            group.addTask {
                try? await Sleeper.sleep(for: patience)
                return []
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }

    /// Names once each, and identities in place of what a shell would have to quote.
    private static func offered(_ found: [(name: String?, id: String?)]) -> [String] {
        var seen: Set<String> = []
        var offered: [String] = []
        for (name, id) in found {
            guard let text = name.flatMap({ isPlain($0) ? $0 : nil }) ?? id,
                seen.insert(text).inserted
            else { continue }
            offered.append(text)
            if offered.count == countMax { break }
        }
        return offered
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.first != "-"
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Which node and which data directory the words of a line mean.
    private static func options(in words: [String]) -> ClientOptions? {
        var arguments: [String] = []
        for (index, word) in words.enumerated() {
            let name = word.prefix { $0 != "=" }
            guard ["--data", "--socket", "--server"].contains(name) else { continue }
            arguments.append(word)
            if name == word, index + 1 < words.count { arguments.append(words[index + 1]) }
        }
        return try? ClientOptions.parse(arguments)
    }
}
