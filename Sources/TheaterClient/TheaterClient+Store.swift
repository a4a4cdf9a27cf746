// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Content of the node's store, by the SHA-256 of its bytes in hexadecimal digits. The namespaces that the node
/// itself uses are refused.
extension TheaterClient {
    /// Keeps content in a namespace.
    ///
    /// - Parameter label: names it from then on; both take effect together.
    /// - Returns: its digest.
    public func putContent(
        _ content: [UInt8], in namespace: String, label: String? = nil
    ) async throws(ClientError) -> String {
        let kept = try await json(
            Outgoing(
                method: .post, path: path(ofNamespace: namespace, "/contents"),
                query: [("label", label)], body: content, type: "application/octet-stream"))
        return kept["digest"]?.string ?? ""
    }

    /// Content of a namespace, which the node has verified.
    ///
    /// - Throws: `store.not-found`, `store.damaged`.
    public func content(_ digest: String, in namespace: String) async throws(ClientError) -> [UInt8]
    {
        try await bytes(
            Outgoing(path: path(ofNamespace: namespace, "/contents/" + Self.part(digest))))
    }

    /// Makes a label name content of its namespace.
    ///
    /// - Parameter expected: what it must name now, or `none`; `nil` when that does not matter.
    /// - Throws: `store.conflict` when it names something else.
    public func setLabel(
        _ label: String, to digest: String, in namespace: String, expecting expected: String? = nil
    ) async throws(ClientError) {
        _ = try await bytes(
            Outgoing(
                method: .put, path: path(ofNamespace: namespace, "/labels"),
                query: [("label", label), ("digest", digest), ("expect", expected)]))
    }

    /// Removes a label.
    ///
    /// - Parameter expected: as for ``setLabel(_:to:in:expecting:)``.
    /// - Throws: `store.no-label`, `store.conflict`.
    public func removeLabel(
        _ label: String, in namespace: String, expecting expected: String? = nil
    ) async throws(ClientError) {
        _ = try await bytes(
            Outgoing(
                method: .delete, path: path(ofNamespace: namespace, "/labels"),
                query: [("label", label), ("expect", expected)]))
    }

    private func path(ofNamespace namespace: String, _ rest: String) -> String {
        "/v1/store/" + Self.part(namespace) + rest
    }
}
