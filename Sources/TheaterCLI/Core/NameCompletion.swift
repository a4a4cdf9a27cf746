// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterChain
internal import TheaterClient
internal import TheaterPlatform
internal import TheaterStore

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

    /// The functions of the actor that stands before, by the ends of their names.
    static var functions: CompletionKind {
        .custom { words, index, _ in
            // `theater call ACTOR FUNCTION`: what stands between the command and the cursor, without options.
            guard let command = words.firstIndex(of: "call"), command < index,
                let actor = words[(command + 1)..<max(command + 1, min(index, words.count))].last,
                !actor.hasPrefix("-")
            else { return [] }
            return await names(of: words) { (client) throws(ClientError) in
                let exports = try await client.functions(of: actor)["functions"]?.array ?? []
                return exports.map { export in
                    (export["name"]?.string?.split(separator: ".").last.map(String.init), nil)
                }
            }
        }
    }

    /// The stores of the data directory that the other words mean.
    static var stores: CompletionKind {
        .custom { words, _, _ in
            guard let store = store(of: words), let usage = try? store.usage() else { return [] }
            return offered(usage.map { ($0.namespace.name, nil) })
        }
    }

    /// The labels of the store that the other words mean.
    static var labels: CompletionKind {
        .custom { words, _, _ in
            let id = value(of: "--store-id", in: words) ?? "default"
            guard let store = store(of: words), let name = StoreNamespace(id),
                let labels = try? store.labels(of: name)
            else { return [] }
            return offered(labels.map { ($0.0.text, nil) })
        }
    }

    private static func store(of words: [String]) -> ContentStore? {
        let context = CLIContext.system(SystemOutput())
        guard let data = try? options(in: words)?.data.resolved(in: context) else { return nil }
        return try? StoreDirectory.read(data)
    }

    private static func value(of option: String, in words: [String]) -> String? {
        guard let place = words.lastIndex(of: option), place + 1 < words.count else { return nil }
        return words[place + 1]
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
        !name.isEmpty && name.first != "-" && Printable.isPlain(name, others: "-_./")
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
