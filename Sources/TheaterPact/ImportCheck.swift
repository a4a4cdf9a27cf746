// SPDX-License-Identifier: Apache-2.0

/// Compares what a package imports with what this runtime grants it.
///
/// An imported interface is verified if the hash that the package recorded for it equals that of a
/// granted interface of the same name, reduced to the functions that the package imports, or whole.
public struct ImportCheck: Sendable {
    /// An interface that this runtime has and the actor was not granted.
    public struct Ungranted: Hashable, Sendable {
        /// The interface's full name.
        public var interface: String
        /// The handler that would grant it.
        public var handler: String

        /// Makes an entry.
        public init(interface: String, handler: String) {
            self.interface = interface
            self.handler = handler
        }
    }

    private let granted: [String: [PactInterface]]
    private let ungranted: [Ungranted]

    /// Prepares a check.
    ///
    /// - Parameters:
    ///   - granted: the granted interfaces; several may have one name, then any may fit.
    ///   - ungranted: what else this runtime offers.
    public init(granted: [PactInterface], ungranted: [Ungranted] = []) {
        self.granted = Dictionary(grouping: granted, by: \.name)
        self.ungranted = ungranted
    }

    /// Decides on every interface that the package imports, sorted by name.
    public func check(_ metadata: PackageMetadata) -> ImportReport {
        let functions = Dictionary(grouping: metadata.imports, by: \.interface)
        let recorded = Dictionary(
            metadata.importHashes.map { ($0.name, $0.hash) },
            uniquingKeysWith: { first, _ in first })
        let names = Set(functions.keys).union(recorded.keys)
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return ImportReport(
            outcomes: names.map { name in
                ImportReport.Outcome(
                    interface: name,
                    verdict: verdict(name, functions[name] ?? [], recorded: recorded[name]))
            })
    }

    private func verdict(
        _ name: String, _ functions: [FunctionSignature], recorded: InterfaceHash?
    ) -> ImportReport.Verdict {
        guard let offers = granted[name], !offers.isEmpty else {
            if let entry = ungranted.first(where: { $0.interface == name }) {
                return .notGranted(handler: entry.handler)
            }
            let names = granted.keys.sorted() + ungranted.map(\.interface)
            return .unknown(nearest: Suggestion.nearest(to: name, among: names))
        }
        let wanted = Set(functions.map(\.name))
        // A package of a tool that records no hashes is taken at its signatures, and one that does must
        // mean by its hash what its signatures say.
        let computed = InterfaceHash.interface(
            name: name, functions: functions.map { ($0.name, $0.hash()) })
        let expected = recorded ?? computed
        let everywhere = Set(offers.flatMap { $0.functions.map(\.name) })
        var refusal: ImportReport.Verdict?
        for offer in offers {
            let offered = Set(offer.functions.map(\.name))
            let missing = wanted.subtracting(offered).sorted()
            guard missing.isEmpty else {
                let entries = missing.map { function in
                    ImportReport.Missing(
                        function: function,
                        nearest: Suggestion.nearest(to: function, among: everywhere.sorted()),
                        isElsewhere: everywhere.contains(function))
                }
                // What no version has says more than what one version lacks.
                let isNowhere = entries.filter { !$0.isElsewhere }
                refusal = refusal ?? .missingFunctions(isNowhere.isEmpty ? entries : isNowhere)
                continue
            }
            let subset = offer.hash(ofFunctions: wanted)
            if computed == subset || functions.isEmpty {
                if expected == subset { return .verified(.functions) }
                if expected == offer.hash(rules: .host) { return .verified(.wholeInterface) }
            }
            if case .mismatch = refusal { continue }
            refusal = .mismatch(
                ImportReport.Mismatch(
                    expected: expected, offered: subset,
                    functions: Self.differences(functions, offer)))
        }
        return refusal ?? .unknown(nearest: nil)
    }

    /// The functions whose signatures differ, in the order of the package.
    private static func differences(
        _ functions: [FunctionSignature], _ offer: PactInterface
    ) -> [ImportReport.Difference] {
        functions.compactMap { function in
            guard let ours = offer.functions.first(where: { $0.name == function.name }) else {
                return nil
            }
            let expectedHash = function.hash()
            let offeredHash = offer.hash(of: ours, rules: .host)
            guard expectedHash != offeredHash else { return nil }
            var expected = function.description
            var offered = ours.description
            if let signature = try? FunctionSignature(ours, in: offer) {
                offered = signature.description
                if offered == expected {
                    expected = function.detailedDescription
                    offered = signature.detailedDescription
                }
            }
            return ImportReport.Difference(
                function: function.name, expected: expected, offered: offered,
                expectedHash: expectedHash, offeredHash: offeredHash)
        }
    }
}
