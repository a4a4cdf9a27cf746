// SPDX-License-Identifier: Apache-2.0

/// A blob that is not as it was stored.
public struct StoreProblem: Sendable, Hashable {
    /// The blob.
    public let content: ContentID
    /// The namespaces that have it, sorted.
    public let namespaces: [StoreNamespace]
    /// What is wrong.
    public let error: StoreError
}

/// What a verification found.
public struct StoreVerification: Sendable, Hashable {
    /// How many blobs there are.
    public var count = 0
    /// Their bytes.
    public var size: UInt64 = 0
    /// What is wrong, sorted by blob.
    public var problems: [StoreProblem] = []

    /// Whether every blob is as it was stored.
    public var isValid: Bool { problems.isEmpty }
}

extension ContentStore {
    /// Reads every blob and computes its digest again.
    ///
    /// - Parameter progress: told how many bytes were read, of so many.
    /// - Throws: `store.closed`. What is wrong with a blob is not an error but in the result.
    public func verify(
        progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(StoreError) -> StoreVerification {
        var result = StoreVerification()
        let total = try read { $0.size }
        for id in try read({ $0.blobs }) {
            guard let size = try read({ $0.blobSize(id) }) else { continue }
            var problem: StoreError?
            do throws(StoreError) {
                if try blobs.read(id, size: size) == nil {
                    problem = .damaged(id, "its bytes are missing")
                }
            } catch {
                problem = error
            }
            // What was forgotten meanwhile is not missed.
            guard try read({ $0.blobSize(id) }) != nil else { continue }
            result.count += 1
            result.size += size
            progress(min(result.size, total), total)
            if let problem {
                let spaces = try read { $0.spaces(holding: id) }
                result.problems.append(
                    StoreProblem(content: id, namespaces: spaces, error: problem))
            }
        }
        return result
    }
}
