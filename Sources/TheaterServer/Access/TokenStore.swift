// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterAPI
internal import TheaterPlatform
internal import TheaterStore

/// The tokens of a node: names and scopes, and of each token its hash alone.
///
/// A token is 256 bits of chance, so that its SHA-256 tells nothing of it. They are in a file that the
/// node's user alone may read, replaced whole at each change.
final class TokenStore: Sendable {
    /// One token.
    struct Entry: Sendable, Hashable {
        let name: String
        let scope: Scope
        let hash: ContentID
        let created: WallTime

        /// What is shown of it.
        var json: JSONValue {
            [
                "name": .string(name), "scope": .string(scope.rawValue),
                "created": .string(created.rfc3339),
            ]
        }
    }

    /// How many tokens there may be.
    static let countMax = 1024
    private static let fileSizeMax = 1 << 20
    private static let prefix = "theater_"

    private let path: String
    private let world: World
    private let entries: Mutex<[Entry]>
    /// Held while a change is written, by threads that do nothing else.
    private let order = Mutex<Void>(())

    /// Reads the file, if there is one.
    init(path: String, world: World) throws(ServerError) {
        self.path = path
        self.world = world
        let bytes: [UInt8]?
        do throws(PrivateFileError) {
            bytes = try PrivateFile.read(path, sizeMax: Self.fileSizeMax)
        } catch {
            throw ServerError(.tokens, "the tokens cannot be read: \(error). \(error.remedy)")
        }
        entries = Mutex(
            try bytes.map { (bytes) throws(ServerError) in try Self.parse(bytes, path) } ?? [])
    }

    /// Who a token stands for.
    func credential(for token: String) -> Credential? {
        let hash = ContentID(of: Array(token.utf8))
        return entries.withLock { $0.first { $0.hash == hash } }
            .map { Credential(name: $0.name, scope: $0.scope) }
    }

    /// All of them, by name.
    var list: [Entry] { entries.withLock { $0 } }

    /// Makes a token, which is shown this once.
    func create(name: String, scope: Scope) async throws(Problem) -> (token: String, entry: Entry) {
        guard NameCheck.isName(name) else {
            throw Problem(
                .body,
                "'name' must have 1 to 128 bytes that can be seen, and not look like an identity")
        }
        let words = [Randomness.twoWords(), Randomness.twoWords()]
        let bytes = words.flatMap { pair in
            [pair.0, pair.1].flatMap { word in
                (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
            }
        }
        let token = Self.prefix + Hexadecimal.encode(bytes)
        let entry = Entry(
            name: name, scope: scope, hash: ContentID(of: Array(token.utf8)),
            created: world.wallTime())
        try await change { entries in
            if entries.contains(where: { $0.name == name }) {
                return Problem(
                    .tokenTaken,
                    "there is a token '\(name)' already; revoke it, or choose another name")
            }
            if entries.count >= Self.countMax {
                return Problem(
                    .busy, "there are \(Self.countMax) tokens, which is the most; revoke some")
            }
            entries.append(entry)
            entries.sort { $0.name < $1.name }
            return nil
        }
        return (token, entry)
    }

    /// Takes a token back. Further requests with it are refused.
    func revoke(_ name: String) async throws(Problem) {
        try await change { entries in
            guard let index = entries.firstIndex(where: { $0.name == name }) else {
                return Problem(
                    .unknownToken,
                    "there is no token '\(name.prefix(64))'; `theater token list` shows them")
            }
            entries.remove(at: index)
            return nil
        }
    }

    /// Makes a change on a thread of its own: it is on disk before it counts.
    private func change(
        _ edit: @escaping @Sendable (inout [Entry]) -> Problem?
    ) async throws(Problem) {
        let problem: Problem? = await withCheckedContinuation { continuation in
            let hasStarted = WorkerThread.start(name: "tokens") {
                continuation.resume(returning: self.changeNow(edit))
            }
            if !hasStarted {
                continuation.resume(
                    returning: Problem(.internal, "the system gives no thread to write tokens with")
                )
            }
        }
        if let problem { throw problem }
    }

    private func changeNow(_ edit: (inout [Entry]) -> Problem?) -> Problem? {
        order.withLock { _ in
            var next = list
            if let problem = edit(&next) { return problem }
            do throws(PrivateFileError) {
                try PrivateFile.replace(path, with: Array(Self.text(next).utf8))
            } catch {
                return Problem(
                    status: 507, code: ServerError.Code.tokens.rawValue,
                    detail: "the tokens cannot be written: \(error). \(error.remedy)")
            }
            entries.withLock { $0 = next }
            return nil
        }
    }

    // MARK: The file

    private static func text(_ entries: [Entry]) -> String {
        let tokens = entries.map { entry -> JSONValue in
            [
                "name": .string(entry.name), "scope": .string(entry.scope.rawValue),
                "sha256": .string(entry.hash.description),
                "created_ns": .integer(entry.created.nanoseconds),
            ]
        }
        return JSONValue.object([.init("tokens", .array(tokens))]).description + "\n"
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(ServerError) -> [Entry] {
        guard let tokens = (try? JSONValue.parse(bytes))?["tokens"]?.array else {
            throw damaged(path)
        }
        var entries: [Entry] = []
        for token in tokens {
            guard let name = token["name"]?.string,
                let scope = token["scope"]?.string.flatMap({ Scope(rawValue: $0) }),
                let hash = token["sha256"]?.string.flatMap({ ContentID($0) }),
                let created: Int64 = token["created_ns"]?.integer()
            else { throw damaged(path) }
            entries.append(
                Entry(
                    name: name, scope: scope, hash: hash, created: WallTime(nanoseconds: created)))
        }
        return entries
    }

    private static func damaged(_ path: String) -> ServerError {
        ServerError(
            .tokens,
            "'\(path)' is no list of tokens; move it away and make new tokens, or restore it")
    }
}
