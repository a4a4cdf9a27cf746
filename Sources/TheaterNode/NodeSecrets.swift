// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform

/// Looks secrets up in the node's environment and in files.
struct NodeSecrets: SecretPort {
    func secret(_ reference: SecretReference) throws(HostError) -> SecretValue {
        switch reference.source {
        case .environment(let name):
            guard let value = SystemSecrets.environment(name), !value.isEmpty else {
                throw HostError(
                    "secret.not-found",
                    "the node's environment has no variable '\(name)'; set it before the node starts"
                )
            }
            return SecretValue(value)
        case .file(let path):
            guard let bytes = SystemSecrets.file(path),
                var text = String(validating: bytes, as: UTF8.self)
            else {
                throw HostError(
                    "secret.unreadable",
                    "the secret in '\(path)' cannot be read; it must be a file of at most 64 KiB in "
                        + "UTF-8 that the node may read")
            }
            if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
            return SecretValue(text)
        }
    }
}
