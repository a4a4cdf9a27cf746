// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Who was let in, and when.
struct Caller: Sendable {
    let credential: Credential
    /// How many credentials had been taken back then.
    let revocations: UInt64
}

/// Somebody who was let in.
struct Credential: Sendable, Hashable {
    /// How the audit names them.
    let name: String
    /// What they may do.
    let scope: Scope

    /// Who says nothing, and asks what everybody may.
    static let nobody = Credential(name: "nobody", scope: .observe)

    /// Who uses the socket, which its owner alone may do.
    static let owner = Credential(name: "owner", scope: .admin)
}
