// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Somebody who was let in.
struct Credential: Sendable, Hashable {
    /// How the audit names them.
    let name: String
    /// What they may do.
    let scope: Scope

    /// Who uses the socket, which its owner alone may do.
    static let owner = Credential(name: "owner", scope: .admin)
}
