// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterPact

/// What checking an actor found out.
struct CheckReport: Sendable {
    /// One function.
    struct Function: Sendable {
        let name: String
        var signature: String
        let hash: String
    }

    /// One interface that the actor imports or exports.
    struct Interface: Sendable {
        let name: String
        let hash: String?
        private(set) var functions: [Function]
        /// For an import: `granted`, `not-granted`, `unknown`, `missing-functions` or `different`.
        var verdict: String?
        /// For an import: the handler that grants it.
        var handler: String?

        init(name: String, hash: String?, functions: [Function]) {
            self.name = name
            self.hash = hash
            self.functions = functions
        }

        /// Shows the functions as somebody declares them who has the same.
        mutating func declare(_ declared: [PactFunction]) {
            for index in functions.indices {
                let name = functions[index].name
                if let known = declared.first(where: { $0.name == name }) {
                    functions[index].signature = known.description
                }
            }
        }
    }

    var name: String?
    var manifestPath: String?
    var wasmPath: String?
    var size: Int?
    var sha256: String?
    var imports: [Interface] = []
    var exports: [Interface] = []
    var findings: [CheckFinding] = []
    /// What the actors of the tree get, from the checked manifest down.
    var tree: GrantTree?
    /// What is not wrong and yet worth saying.
    var warnings: [String] = []

    /// How the command ends: as the gravest finding says, in the order in which an actor is loaded.
    var status: CommandStatus {
        let order: [CommandStatus] = [.manifest, .module, .importRefused, .build, .failure]
        return order.first { status in findings.contains { $0.status == status } }
            ?? findings.first?.status ?? .success
    }

    /// The facts as lines, each within the width where it can be.
    func lines(width: Int) -> [String] {
        var lines: [String] = []
        func row(_ label: String, _ text: String) { lines.append(Printable.pad(label, 9) + text) }
        if let name { row("actor", name) }
        if let manifestPath { row("manifest", manifestPath) }
        if let wasmPath {
            row("module", wasmPath + (size.map { ", \(SizeText.format($0))" } ?? ""))
        }
        if let sha256 { row("sha256", sha256) }
        for interface in imports {
            let handler = interface.handler.map { " by '\($0)'" } ?? ""
            row("imports", "\(interface.name)  \(interface.verdict ?? "")\(handler)")
            lines += functions(interface, width: width)
        }
        for interface in exports {
            row("exports", interface.name.isEmpty ? "functions outside interfaces" : interface.name)
            lines += functions(interface, width: width)
        }
        for (index, line) in (tree?.lines() ?? []).enumerated() {
            row(index == 0 ? "grants" : "", line)
        }
        if sha256 != nil, exports.isEmpty, findings.isEmpty { row("exports", "nothing") }
        return lines
    }

    private func functions(_ interface: Interface, width: Int) -> [String] {
        let indent = String(repeating: " ", count: 11)
        var lines = interface.functions.map { function in
            indent + Printable.cut(function.signature, to: max(40, width - indent.count))
        }
        if let hash = interface.hash { lines.append(indent + "hash " + hash) }
        return lines
    }

    /// The documented schema.
    var json: JSON {
        let module: JSON =
            if let wasmPath, let size, let sha256 {
                .object([
                    ("path", .string(wasmPath)), ("size", .integer(size)),
                    ("sha256", .string(sha256)),
                ])
            } else {
                .null
            }
        return .object([
            ("ok", .bool(findings.isEmpty)), ("name", .optional(name)),
            ("manifest", .optional(manifestPath)), ("module", module),
            ("imports", .array(imports.map { Self.json($0, isImport: true) })),
            ("exports", .array(exports.map { Self.json($0, isImport: false) })),
            ("grants", tree?.json ?? .null),
            ("findings", .array(findings.map(\.json))),
            ("warnings", .array(warnings.map(JSON.string))),
        ])
    }

    private static func json(_ interface: Interface, isImport: Bool) -> JSON {
        var members: [(String, JSON)] = [
            ("interface", .string(interface.name)), ("hash", .optional(interface.hash)),
        ]
        if isImport {
            members += [
                ("status", .optional(interface.verdict)), ("handler", .optional(interface.handler)),
            ]
        }
        let functions = interface.functions.map { function in
            JSON.object([
                ("name", .string(function.name)), ("signature", .string(function.signature)),
                ("hash", .string(function.hash)),
            ])
        }
        return .object(members + [("functions", .array(functions))])
    }
}
