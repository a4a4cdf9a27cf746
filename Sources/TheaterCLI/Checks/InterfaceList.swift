// SPDX-License-Identifier: Apache-2.0

internal import TheaterPact

/// The functions of a package by interface.
enum InterfaceList {
    /// Groups functions by their interface, sorted by name, with the recorded hash of each.
    static func list(
        _ functions: [FunctionSignature], _ hashes: [PackageMetadata.Hash]
    ) -> [CheckReport.Interface] {
        let groups = Dictionary(grouping: functions, by: \.interface)
        let recorded = Dictionary(
            hashes.map { ($0.name, $0.hash) }, uniquingKeysWith: { first, _ in first })
        return Set(groups.keys).union(recorded.keys).sorted().map { name in
            CheckReport.Interface(
                name: name, hash: recorded[name]?.description,
                functions: (groups[name] ?? []).map { function in
                    CheckReport.Function(
                        name: function.name, signature: function.description,
                        hash: function.hash().description)
                })
        }
    }
}
