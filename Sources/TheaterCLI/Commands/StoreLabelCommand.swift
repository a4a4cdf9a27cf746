// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
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

    @OptionGroup var data: DataOptions

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
        let directory = try data.resolved(in: context)
        let id: ContentID?
        if reference == nil, !remove {
            let store = try StoreDirectory.read(directory)
            id = try StoreDirectory.translating { () throws(StoreError) in
                try store.identify(
                    StoreReference(namespace: namespace, target: .label(name)))
            }
        } else {
            let store = try StoreDirectory.write(directory)
            defer { store.close() }
            let reference = try content.map { (text) throws(CLIError) in
                try self.store.reference(text, in: store)
            }
            id = try StoreDirectory.translating { () throws(StoreError) in
                let id = try reference.map { (reference) throws(StoreError) in
                    try store.identify(reference)
                }
                try change(name, to: id, expected, in: namespace, store)
                return id
            }
        }
        show(id, name, namespace, context.output)
        return .success
    }

    private func show(
        _ id: ContentID?, _ label: StoreLabel, _ namespace: StoreNamespace, _ output: any Output
    ) {
        if json {
            output.result(
                .object([
                    ("store_id", .string(namespace.name)), ("label", .string(label.text)),
                    ("content", .optional(id.map { "\($0)" })),
                ]))
        } else if let id, content == nil {
            output.result("\(id)")
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
