// SPDX-License-Identifier: Apache-2.0

extension ContentStore {
    /// Makes a label name content of its namespace, whatever it named before.
    ///
    /// - Throws: `store.not-found` when the namespace does not have the content; `store.quota`,
    ///   `store.full`, `store.disk`, `store.read-only`, `store.closed`.
    public func setLabel(
        _ label: StoreLabel, to id: ContentID, in space: StoreNamespace,
        quota: StoreQuota = .unlimited
    ) throws(StoreError) {
        try write { (state) throws(StoreError) in
            try state.set(label, to: id, in: space, quota, options.entriesMax)
        }
    }

    /// Changes a label if it names what the caller expects.
    ///
    /// - Parameters:
    ///   - expected: what it must name; `nil` for nothing.
    ///   - id: what it names afterwards; `nil` removes it.
    /// - Returns: whether it was as expected. Otherwise nothing is changed.
    /// - Throws: as ``setLabel(_:to:in:quota:)``.
    public func compareAndSetLabel(
        _ label: StoreLabel, from expected: ContentID?, to id: ContentID?,
        in space: StoreNamespace, quota: StoreQuota = .unlimited
    ) throws(StoreError) -> Bool {
        try write { (state) throws(StoreError) in
            guard state.index.target(of: label, in: space) == expected else { return false }
            if let id {
                try state.set(label, to: id, in: space, quota, options.entriesMax)
            } else if expected != nil {
                try state.commit([.unlabelled(space, label)])
            }
            return true
        }
    }

    /// Removes a label.
    ///
    /// - Parameter id: what it must name, if that matters.
    /// - Returns: whether there was one.
    /// - Throws: `store.conflict` when it names something else than `id`; `store.disk`,
    ///   `store.read-only`, `store.closed`.
    @discardableResult
    public func removeLabel(
        _ label: StoreLabel, naming id: ContentID? = nil, in space: StoreNamespace
    ) throws(StoreError) -> Bool {
        try write { (state) throws(StoreError) in
            guard let target = state.index.target(of: label, in: space) else { return false }
            if let id, id != target { throw .conflict(label, found: target) }
            try state.commit([.unlabelled(space, label)])
            return true
        }
    }

    /// What a label names; `nil` when there is none.
    public func target(
        of label: StoreLabel, in space: StoreNamespace
    ) throws(StoreError) -> ContentID? {
        try read { $0.target(of: label, in: space) }
    }

    /// The labels of a namespace with what they name, sorted.
    public func labels(
        of space: StoreNamespace
    ) throws(StoreError) -> [(label: StoreLabel, id: ContentID)] {
        let labels = try read { $0.spaces[space]?.labels ?? [:] }
        return labels.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    /// Which content a reference means now.
    ///
    /// - Throws: `store.no-label`, `store.not-found`.
    public func identify(_ reference: StoreReference) throws(StoreError) -> ContentID {
        let space = reference.namespace
        switch reference.target {
        case .label(let label):
            guard let id = try target(of: label, in: space) else {
                throw .unlabelled(label, space)
            }
            return id
        case .content(let id):
            guard try size(of: id, in: space) != nil else { throw .notFound(id, space) }
            return id
        }
    }

    /// The content that a reference means now, verified.
    ///
    /// - Throws: `store.no-label`, `store.not-found`, `store.damaged`, `store.disk`.
    public func resolve(
        _ reference: StoreReference
    ) throws(StoreError) -> (id: ContentID, content: [UInt8]) {
        let id = try identify(reference)
        return (id, try get(id, in: reference.namespace))
    }
}

extension ContentStore.State {
    fileprivate mutating func set(
        _ label: StoreLabel, to id: ContentID, in space: StoreNamespace, _ quota: StoreQuota,
        _ entriesMax: Int
    ) throws(StoreError) {
        guard index.size(of: id, in: space) != nil else { throw .notFound(id, space) }
        guard index.target(of: label, in: space) != id else { return }
        try index.checkRoom(for: label, in: space, quota: quota, entriesMax: entriesMax)
        try commit([.labelled(space, label, id)])
    }
}
