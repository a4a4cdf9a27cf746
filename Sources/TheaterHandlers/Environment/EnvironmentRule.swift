// SPDX-License-Identifier: Apache-2.0

internal import TheaterCapability
internal import TheaterManifest

/// Which variables an actor may see, and which of them the chain must not.
struct EnvironmentRule: Sendable {
    /// Parts of names that say what the value is. Compared in upper case, between `_`.
    private static let secretWords: Set<String> = [
        "SECRET", "SECRETS", "TOKEN", "PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "CREDENTIAL",
        "CREDENTIALS", "KEY", "APIKEY", "PRIVATE", "AUTH", "COOKIE",
    ]

    private let allowed: NameSet
    private let prefixes: NameSet
    private let denied: NameSet
    private let secret: NameSet

    /// Reads the keys; what is wrong with them is left to the reader.
    init(_ grant: inout SectionReader) {
        allowed = Self.set("allowed_vars", &grant)
        prefixes = Self.set("allowed_prefixes", &grant) { $0.hasSuffix("*") ? $0 : $0 + "*" }
        denied = Self.set("denied_vars", &grant)
        secret = Self.set("secret_vars", &grant)
    }

    /// Whether the actor may see a variable. What is denied is denied, whatever else is said of it.
    func allows(_ name: String) -> Bool {
        (allowed.contains(name) || prefixes.contains(name)) && !denied.contains(name)
    }

    /// Whether the chain must not have the variable's value.
    func isSecret(_ name: String) -> Bool {
        if name == "PWD" || name == "OLDPWD" { return secret.contains(name) }
        return secret.contains(name)
            || name.uppercased().split(separator: "_").contains {
                Self.secretWords.contains(String($0))
            }
    }

    private static func set(
        _ key: String, _ grant: inout SectionReader, _ change: (String) -> String = { $0 }
    ) -> NameSet {
        guard let names = grant.strings(key) else { return .empty }
        do throws(CapabilityError) {
            return try NameSet(names.map(change), takesPatterns: true)
        } catch {
            grant.refuse(key, "'\(key)': \(error.message)")
            return .empty
        }
    }
}
