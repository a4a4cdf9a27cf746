// SPDX-License-Identifier: Apache-2.0

import TheaterPact

/// Checks that a built package is what its `.pact` file says.
enum PackageCheck {
    /// What every package exports besides its functions.
    static let required = ["memory", "__pack_alloc", "__pack_free", "__pack_types"]

    static func check(
        _ wasm: [UInt8], _ metadata: PackageMetadata, _ path: String
    ) throws(BuildError) {
        func wrong(_ problem: String) -> BuildError {
            BuildError(.badProduct, "\(path): \(problem)")
        }
        let sections: WasmSections
        do throws(BuildError) {
            sections = try WasmSections(wasm)
        } catch {
            throw wrong(error.message)
        }
        let names = Set(sections.exports.map(\.name))
        for name in required + metadata.exports.map(\.qualifiedName) where !names.contains(name) {
            throw wrong("does not export '\(name)'; build it again from the beginning with --force")
        }
        for export in metadata.exports {
            let found = sections.exports.first { $0.name == export.qualifiedName }
            guard found?.kind == .function, found?.type == .call else {
                throw wrong(
                    "'\(export.qualifiedName)' is not a function of the call type; another "
                        + "declaration in Sources/ has taken its name")
            }
        }
        let declared = Set(metadata.imports.map { "\($0.interface).\($0.name)" })
        for found in sections.imports where !declared.contains("\(found.module).\(found.name)") {
            throw wrong(
                "imports '\(found.name)' of '\(found.module)', which the .pact file does not "
                    + "declare; declare it under imports, or remove the @_extern from Sources/")
        }
        guard (try? PackageMetadata.find(inModule: wasm))?.metadata == metadata else {
            throw wrong("does not carry its metadata; build it again with --force")
        }
    }
}
