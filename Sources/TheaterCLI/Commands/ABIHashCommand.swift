// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import TheaterAPI
internal import TheaterPact

/// `theater abi hash`: the hashes by which interfaces are compared.
struct ABIHashCommand: TheaterCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Print the hashes of the interfaces of a .pact file or a module.",
        discussion: """
            With --json one object {"file", "interfaces": [{"kind", "interface", "hash", "functions": \
            [{"name", "signature", "hash"}]}]}; the kind is import or export for a module, and \
            interface for a .pact file.
            """)

    @Argument(
        help: ArgumentHelp("The file.", valueName: "file.pact|file.wasm"),
        completion: .file(extensions: ["pact", "wasm"]))
    var file: String

    @Option(
        name: .customLong("interface"),
        help: ArgumentHelp("Only this interface.", valueName: "name"))
    var wanted: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    private struct Entry {
        let kind: String
        let interface: CheckReport.Interface
    }

    func perform(in context: CLIContext) async throws(CLIError) -> CommandStatus {
        let bytes = try Files.read(file, sizeMax: ABICommand.sizeMax, status: .module)
        let isModule = bytes.starts(with: [0x00, 0x61, 0x73, 0x6D])
        var entries = isModule ? try ofModule(bytes) : try ofText(bytes)
        if let wanted {
            let names = entries.map(\.interface.name).filter { !$0.isEmpty }
            entries = entries.filter { $0.interface.name == wanted }
            guard !entries.isEmpty else {
                throw .usage(
                    "'\(file)' has no interface '\(wanted)'; it has: "
                        + names.prefix(16).joined(separator: ", "))
            }
        }
        if json {
            context.output.result(
                .object([
                    ("file", .string(file)), ("interfaces", .array(entries.map(Self.json))),
                ]))
        } else {
            for entry in entries { Self.show(entry, context.output) }
        }
        return .success
    }

    private func ofModule(_ bytes: [UInt8]) throws(CLIError) -> [Entry] {
        do throws(PactError) {
            guard let found = try PackageMetadata.find(inModule: bytes) else {
                throw PactError(
                    .badMetadata, file: file, "the module has no metadata",
                    remedy: "build it with 'theater build', or with packr 0.2 or later")
            }
            let metadata = found.metadata
            return InterfaceList.list(metadata.imports, metadata.importHashes).map {
                Entry(kind: "import", interface: $0)
            }
                + InterfaceList.list(metadata.exports, metadata.exportHashes).map {
                    Entry(kind: "export", interface: $0)
                }
        } catch {
            throw CLIError(error)
        }
    }

    private func ofText(_ bytes: [UInt8]) throws(CLIError) -> [Entry] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CLIError(
                .module, "cli.not-utf8",
                "'\(file)' is neither a module nor UTF-8; give a .pact or a .wasm file")
        }
        do throws(PactError) {
            let document = try PactDocument.parse(text, file: file)
            if let finding = document.findings.first { throw finding }
            return document.interfaces.map { interface in
                let hashes = interface.functionHashes(rules: document.rules)
                return Entry(
                    kind: "interface",
                    interface: CheckReport.Interface(
                        name: interface.name,
                        hash: interface.hash(rules: document.rules).description,
                        functions: zip(interface.functions, hashes).map { function, hash in
                            CheckReport.Function(
                                name: function.name, signature: function.description,
                                hash: hash.hash.description)
                        }))
            }
        } catch {
            throw CLIError(error)
        }
    }

    private static func show(_ entry: Entry, _ output: any Output) {
        let name = entry.interface.name
        output.result("\(entry.kind) \(name.isEmpty ? "(functions outside interfaces)" : name)")
        output.result("  \(entry.interface.hash ?? "no hash recorded")")
        for function in entry.interface.functions {
            output.result("    \(function.signature)")
            output.result("      \(function.hash)")
        }
    }

    private static func json(_ entry: Entry) -> JSON {
        .object([
            ("kind", .string(entry.kind)), ("interface", .string(entry.interface.name)),
            ("hash", .optional(entry.interface.hash)),
            (
                "functions",
                .array(
                    entry.interface.functions.map { function in
                        .object([
                            ("name", .string(function.name)),
                            ("signature", .string(function.signature)),
                            ("hash", .string(function.hash)),
                        ])
                    })
            ),
        ])
    }
}
