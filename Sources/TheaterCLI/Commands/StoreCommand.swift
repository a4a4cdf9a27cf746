// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterStore

/// `theater store`: the content that actors keep.
struct StoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look at the content that actors keep, and keep some for them.",
        discussion: """
            The store keeps blobs by the SHA-256 of their bytes, and labels that name them. Each actor \
            has a store of its own, named by its identity; actors whose manifests have the same \
            'store_id' share one. --store-id says which is meant; without it, the one named default.

            get, ls and verify work while a node runs; put and label go through the node that has the data \
            directory. gc needs it for itself. put, get and label take another node with --socket or --server.

            Examples:
              theater store put page.html --store-id pages --label front
              theater store get front --store-id pages
              theater store get store://pages/front -o copy.html
              theater store ls
              theater store ls --store-id pages
              theater store label stable front --store-id pages
              theater store label front --store-id pages --remove
              theater store gc --dry-run
              theater store verify
            """,
        subcommands: [
            StorePutCommand.self, StoreGetCommand.self, StoreListCommand.self,
            StoreLabelCommand.self, StoreCollectCommand.self, StoreVerifyCommand.self,
        ],
        defaultSubcommand: StoreListCommand.self)
}

/// Which store of the data directory is meant.
struct StoreOptionGroup: ParsableArguments {
    @Option(
        name: .customLong("store-id"),
        help: ArgumentHelp(
            "The store: a manifest's store_id, or an actor's identity.", valueName: "name"),
        completion: NameCompletion.stores)
    var id = "default"

    /// The namespace that is meant.
    func namespace() throws(CLIError) -> StoreNamespace {
        let id = id
        return try StoreDirectory.translating { () throws(StoreError) in
            try StoreNamespace.parse(id)
        }
    }

    /// What a text means in a store: a reference, a label, a digest, or the beginning of one that no other content
    /// of it has.
    func reference(_ text: String, in store: ContentStore) throws(CLIError) -> StoreReference {
        let reference = try reference(text)
        guard case .label(let label) = reference.target, !StoreReference.isReference(text),
            text.utf8.count >= ChainSelection.prefixMin, text.allSatisfy(\.isHexDigit)
        else { return reference }
        let namespace = reference.namespace
        let found = try StoreDirectory.translating { () throws(StoreError) -> [ContentID] in
            guard try store.target(of: label, in: namespace) == nil else { return [] }
            let prefix = text.lowercased()
            return try store.contents(of: namespace).map(\.id)
                .filter { $0.description.hasPrefix(prefix) }
        }
        if found.count > 1 {
            throw .usage(
                "'\(text)' begins \(found.count) digests of the store '\(namespace)'; write more of the one "
                    + "you mean: " + found.prefix(4).map(\.description).joined(separator: ", "))
        }
        return found.first.map { StoreReference(namespace: namespace, target: .content($0)) }
            ?? reference
    }

    /// What a text means: a reference, a digest, or a label.
    func reference(_ text: String) throws(CLIError) -> StoreReference {
        let namespace = try namespace()
        return try StoreDirectory.translating { () throws(StoreError) in
            if StoreReference.isReference(text) { return try StoreReference(parsing: text) }
            if let id = ContentID(text) {
                return StoreReference(namespace: namespace, target: .content(id))
            }
            return StoreReference(
                namespace: namespace, target: .label(try StoreLabel.parse(text)))
        }
    }
}

/// `theater store put`: keeps content.
struct StorePutCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Store a file and print the digest of its content.",
        discussion: """
            Content that is there already is kept once. Without a label, `theater store gc` removes it \
            unless a chain or other content mentions its digest.

            With --json: {"content", "size", "store_id", "label"}.
            """)

    @Argument(
        help: ArgumentHelp("The file; - for standard input.", valueName: "file|-"),
        completion: .file())
    var source: String

    @OptionGroup var store: StoreOptionGroup

    @Option(help: "A label that names it from now on.")
    var label: String?

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let namespace = try store.namespace()
        let label = try parsedLabel()
        let content =
            if source == "-" {
                try context.input(StoreDirectory.contentSizeMax)
            } else {
                try Files.read(source, sizeMax: StoreDirectory.contentSizeMax, status: .usage)
            }
        let id = try await client.changeStore(in: context) { (directory) throws(CLIError) in
            let store = try StoreDirectory.write(directory, makes: true)
            defer { store.close() }
            return try StoreDirectory.translating { () throws(StoreError) in
                try store.put(content, in: namespace, label: label).description
            }
        } remote: { (client) throws(ClientError) in
            try await client.putContent(content, in: namespace.name, label: label?.text)
        }
        if json {
            context.output.result(
                .object([
                    ("content", .string(id)), ("size", .integer(content.count)),
                    ("store_id", .string(namespace.name)), ("label", .optional(label?.text)),
                ]))
        } else {
            context.output.result(id)
        }
        return .success
    }

    private func parsedLabel() throws(CLIError) -> StoreLabel? {
        guard let label else { return nil }
        return try StoreDirectory.translating { () throws(StoreError) in
            try StoreLabel.parse(label)
        }
    }
}

/// `theater store get`: prints content.
struct StoreGetCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print content, or write it to a file, after verifying it.",
        discussion: """
            Content is named by a label, by its digest or at least four digits of its beginning, or by a \
            whole reference, store://STORE/LABEL or store://STORE/hash/DIGEST. Nothing is printed of content that is damaged; the exit code is 3.

            With --json: {"content", "size", "hex"}.
            """)

    @Argument(
        help: ArgumentHelp("The content.", valueName: "label|digest|reference"),
        completion: NameCompletion.labels)
    var content: String

    @OptionGroup var store: StoreOptionGroup

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("Write it to a file.", valueName: "file"), completion: .file())
    var file: String?

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if json, file != nil { throw ValidationError("--json and --output exclude each other") }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let found = try await found(in: context)
        if let file {
            try Files.write(found.content, to: file)
        } else if json {
            context.output.result(
                .object([
                    ("content", .string(found.id)), ("size", .integer(found.content.count)),
                    ("hex", .string(Hexadecimal.encode(found.content))),
                ]))
        } else {
            context.output.write(found.content, to: .results)
        }
        return .success
    }

    /// The content with its digest: beside a node, that of the data directory.
    private func found(
        in context: CLIContext
    ) async throws(CLIError) -> (id: String, content: [UInt8]) {
        let wanted = try store.reference(content)
        guard !client.meansDataDirectory(in: context) else {
            let directory = try StoreDirectory.read(client.data.resolved(in: context))
            let reference = try store.reference(content, in: directory)
            let found = try StoreDirectory.translating { () throws(StoreError) in
                try directory.resolve(reference)
            }
            return ("\(found.id)", found.content)
        }
        let found = try await client.withClient(in: context) { (client) throws(ClientError) in
            guard let id = try await client.digest(of: wanted) else {
                return nil as (id: String, content: [UInt8])?
            }
            return (id, try await client.content(id, in: wanted.namespace.name))
        }
        guard let found else { throw wanted.missing }
        return found
    }
}

/// `theater store ls`: what there is.
struct StoreListCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls",
        abstract: "List the stores, or with --store-id what one of them holds.",
        discussion: """
            With --json each store is a line {"store_id", "count", "size", "labels"}, and with \
            --store-id each piece of content a line {"content", "size", "labels"}.
            """)

    @Option(
        name: .customLong("store-id"),
        help: ArgumentHelp(
            "The store: a manifest's store_id, or an actor's identity.", valueName: "name"),
        completion: NameCompletion.stores)
    var id: String?

    @OptionGroup var data: DataOptions
    @OptionGroup var form: ListForm

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        var named = StoreOptionGroup()
        if let id { named.id = id }
        let namespace = id == nil ? nil : try named.namespace()
        let store = try StoreDirectory.read(data.resolved(in: context))
        let output = context.output
        try StoreDirectory.translating { () throws(StoreError) in
            guard let namespace else {
                let usage = try store.usage()
                if form.json {
                    for usage in usage { output.result(StoreText.json(usage)) }
                } else if form.quiet {
                    for usage in usage { output.result(usage.namespace.name) }
                } else {
                    output.results(StoreText.list(usage, width: output.tableWidth()))
                }
                return
            }
            var labels: [ContentID: [StoreLabel]] = [:]
            for (label, id) in try store.labels(of: namespace) {
                labels[id, default: []].append(label)
            }
            let contents = try store.contents(of: namespace)
            if contents.isEmpty, !form.json, !form.quiet {
                output.message(
                    "nothing is stored in '\(namespace)'; `theater store ls` lists the stores")
            }
            let width = output.tableWidth()
            for (id, size) in contents {
                if output.isBroken { break }
                let names = labels[id] ?? []
                if form.json {
                    output.result(StoreText.json(id, size, names))
                } else if form.quiet {
                    output.result("\(id)")
                } else {
                    output.result(StoreText.line(id, size, names, width: width))
                }
            }
        }
        return .success
    }
}
