// SPDX-License-Identifier: Apache-2.0

/// A text file inside the binary.
struct EmbeddedFile: Sendable, Hashable {
    /// The path relative to its collection, with slashes.
    let path: String
    /// The content.
    let text: String
}
