// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterClient
internal import TheaterStore

/// `theater store label`: what a label names, or shall name.
struct StoreLabelCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Print, set or remove a label.",
        discussion: """
            With content, the label names it from now on; without, the digest of what it names is \
            printed. The content must be in the same store.

            --expect makes sure that nothing changed meanwhile: the label is changed only if it names \
            that digest, or nothing with 'none'; else the exit code is 1.

            With --json: {"store_id", "label", "content"}.
            """)

    @Argument(help: "The label.", completion: NameCompletion.labels)
    var label: String

    @Argument(
        help: ArgumentHelp("What it shall name.", valueName: "label|digest|reference"),
        completion: NameCompletion.labels)
    var content: String?

    @Flag(help: "Remove the label.")
    var remove = false

    @Option(
        help: ArgumentHelp("Change it only if it names that.", valueName: "digest|none"))
    var expect: String?

    @OptionGroup var store: StoreOptionGroup

    @OptionGroup var client: ClientOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if remove, content != nil {
            throw ValidationError("--remove takes no content")
        }
        if expect != nil, !remove, content == nil {
            throw ValidationError("--expect needs content, or --remove")
        }
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let namespace = try store.namespace()
        let reference = try content.map { (text) throws(CLIError) in try store.reference(text) }
        let (name, expected) = try StoreDirectory.translating { () throws(StoreError) in
            (try StoreLabel.parse(label), try expectation())
        }
        let id: String?
        if reference != nil || remove {
            id = try await client.changeStore(in: context) { (directory) throws(CLIError) in
                try change(name, expected, in: namespace, directory)
            } remote: { (client) throws(ClientError) in
                try await change(name, to: reference, in: namespace, client)
            }
            if id == nil, let reference { throw reference.missing }
        } else {
            id = try await named(name, in: namespace, context)
        }
        show(id, name, namespace, context.output)
        return .success
    }

    private func show(
        _ id: String?, _ label: StoreLabel, _ namespace: StoreNamespace, _ output: any Output
    ) {
        if json {
            output.result(
                .object([
                    ("store_id", .string(namespace.name)), ("label", .string(label.text)),
                    ("content", .optional(id)),
                ]))
        } else if let id, content == nil {
            output.result(id)
        }
    }

    /// What the label names.
    private func named(
        _ label: StoreLabel, in namespace: StoreNamespace, _ context: CLIContext
    ) async throws(CLIError) -> String {
        let reference = StoreReference(namespace: namespace, target: .label(label))
        guard !client.meansDataDirectory(in: context) else {
            let store = try StoreDirectory.read(client.data.resolved(in: context))
            return try StoreDirectory.translating { () throws(StoreError) in
                try store.identify(reference).description
            }
        }
        let digest = try await client.withClient(in: context) { (client) throws(ClientError) in
            try await client.digest(of: reference)
        }
        guard let digest else { throw reference.missing }
        return digest
    }

    /// Changes the label through a node.
    ///
    /// - Returns: what it names then; `nil` when that is not there, or the label was removed.
    private func change(
        _ label: StoreLabel, to reference: StoreReference?, in namespace: StoreNamespace,
        _ client: TheaterClient
    ) async throws(ClientError) -> String? {
        guard let reference else {
            try await client.removeLabel(label.text, in: namespace.name, expecting: expect)
            return nil
        }
        guard let digest = try await client.digest(of: reference) else { return nil }
        try await client.setLabel(label.text, to: digest, in: namespace.name, expecting: expect)
        return digest
    }

    /// Changes the label in the store of a data directory.
    private func change(
        _ label: StoreLabel, _ expected: ContentID??, in namespace: StoreNamespace,
        _ directory: String
    ) throws(CLIError) -> String? {
        let store = try StoreDirectory.write(directory)
        defer { store.close() }
        let reference = try content.map { (text) throws(CLIError) in
            try self.store.reference(text, in: store)
        }
        return try StoreDirectory.translating { () throws(StoreError) in
            let id = try reference.map { (reference) throws(StoreError) in
                try store.identify(reference)
            }
            try change(label, to: id, expected, in: namespace, store)
            return id?.description
        }
    }

    private func expectation() throws(StoreError) -> ContentID?? {
        guard let expect else { return nil }
        if expect == "none" { return .some(nil) }
        return .some(try ContentID.parse(expect))
    }

    private func change(
        _ label: StoreLabel, to id: ContentID?, _ expected: ContentID??,
        in namespace: StoreNamespace, _ store: ContentStore
    ) throws(StoreError) {
        if let expected {
            guard
                try store.compareAndSetLabel(label, from: expected, to: id, in: namespace)
            else {
                throw .conflict(label, found: try store.target(of: label, in: namespace))
            }
        } else if let id {
            try store.setLabel(label, to: id, in: namespace)
        } else if try !store.removeLabel(label, in: namespace) {
            throw .unlabelled(label, namespace)
        }
    }
}
