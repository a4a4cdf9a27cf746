// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest

/// Looks up the secrets that manifests name.
///
/// A handler asks when it needs the secret, not when it is made, and gives it to nothing that logs, records
/// or answers the guest.
public protocol SecretPort: Sendable {
    /// The secret behind a reference, without a line feed at its end.
    ///
    /// - Throws: `secret.not-found`, `secret.unreadable`.
    func secret(_ reference: SecretReference) throws(HostError) -> SecretValue
}
