// SPDX-License-Identifier: Apache-2.0

/// The outcome of an ``ImportCheck``.
public struct ImportReport: Hashable, Sendable {
    /// The decision on one imported interface.
    public struct Outcome: Hashable, Sendable {
        /// The interface's full name.
        public var interface: String
        /// The decision.
        public var verdict: Verdict
    }

    /// Whether, and why not, an interface may be imported.
    public enum Verdict: Hashable, Sendable {
        /// The hashes are equal.
        case verified(Match)
        /// This runtime has no such interface; one with a similar name, if there is.
        case unknown(nearest: String?)
        /// The actor was not granted the interface; the handler that would grant it.
        case notGranted(handler: String)
        /// The interface lacks functions that the package imports.
        case missingFunctions([Missing])
        /// The hashes differ.
        case mismatch(Mismatch)
    }

    /// Which hashes were equal.
    public enum Match: Hashable, Sendable {
        /// Those of the imported functions alone.
        case functions
        /// Those of the whole interface.
        case wholeInterface
    }

    /// A function that the interface does not have.
    public struct Missing: Hashable, Sendable {
        /// The function's name.
        public var function: String
        /// One with a similar name, if there is.
        public var nearest: String?
        /// Whether this runtime has the function in another version of the interface, which lacks
        /// something else that the package imports.
        public var isElsewhere = false
    }

    /// Two interfaces of one name that differ.
    public struct Mismatch: Hashable, Sendable {
        /// The hash that the package recorded.
        public var expected: InterfaceHash
        /// The hash of the same functions as this runtime has them.
        public var offered: InterfaceHash
        /// The functions that differ; empty when the recorded hash contradicts the signatures.
        public var functions: [Difference]
    }

    /// A function that differs.
    public struct Difference: Hashable, Sendable {
        /// The function's name.
        public var function: String
        /// The package's side as Pact text.
        public var expected: String
        /// This runtime's side as Pact text.
        public var offered: String
        /// The hash of the package's side.
        public var expectedHash: InterfaceHash
        /// The hash of this runtime's side.
        public var offeredHash: InterfaceHash
    }

    /// The decisions, sorted by interface.
    public var outcomes: [Outcome]

    /// Whether every interface was verified.
    public var isAccepted: Bool { outcomes.allSatisfy(\.isVerified) }
    /// The decisions that refuse.
    public var refusals: [Outcome] { outcomes.filter { !$0.isVerified } }
}

extension ImportReport.Outcome {
    /// Whether the interface may be imported.
    public var isVerified: Bool {
        if case .verified = verdict { true } else { false }
    }
}

extension ImportReport: CustomStringConvertible {
    /// One paragraph per decision.
    public var description: String {
        outcomes.map(\.description).joined(separator: "\n")
    }
}

extension ImportReport.Outcome: CustomStringConvertible {
    /// What was decided, why, and what to do.
    public var description: String {
        switch verdict {
        case .verified:
            return "the actor imports '\(interface)', which is granted and matches."
        case .unknown(let nearest):
            let remedy =
                nearest.map { "Did you mean '\($0)'?" }
                ?? "Remove the import, or run the actor on a runtime that has the interface."
            return "the actor imports '\(interface)', which this runtime does not have. \(remedy)"
        case .notGranted(let handler):
            return "the actor imports '\(interface)', which its manifest does not grant. "
                + "Add [[handler]] with type = \"\(handler)\" to the manifest, or remove the import."
        case .missingFunctions(let missing):
            return missing.map { entry in
                if entry.isElsewhere {
                    return "the actor imports '\(entry.function)' of '\(interface)' together with "
                        + "functions that this runtime has in another version of it only; no version "
                        + "has all of them. Import those of one version."
                }
                let hint = entry.nearest.map { " Did you mean '\($0)'?" } ?? ""
                return "the actor imports '\(entry.function)' of '\(interface)', "
                    + "which this runtime's interface does not have.\(hint)"
            }.joined(separator: "\n")
        case .mismatch(let mismatch):
            return text(of: mismatch)
        }
    }

    private func text(of mismatch: ImportReport.Mismatch) -> String {
        var lines = ["the actor imports '\(interface)' in another version than this runtime's."]
        for function in mismatch.functions {
            lines.append("  the actor expects    \(function.expected)")
            lines.append("  this runtime offers  \(function.offered)")
            lines.append("    hashes \(function.expectedHash) and \(function.offeredHash)")
        }
        if mismatch.functions.isEmpty {
            lines.append(
                "  Its functions look alike, but the hash that it recorded is of other ones.")
        }
        lines.append("  interface hash of the actor:  \(mismatch.expected)")
        lines.append("  interface hash offered here:  \(mismatch.offered)")
        lines.append("  Build the actor again with the interface as this runtime offers it.")
        return lines.joined(separator: "\n")
    }
}
