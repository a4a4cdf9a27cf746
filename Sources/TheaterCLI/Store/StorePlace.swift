// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterClient
internal import TheaterStore

extension ClientOptions {
    /// Does something with a store that needs it for itself: with that of the data directory, or through the node
    /// that has it or that is meant.
    func changeStore<Result: Sendable>(
        in context: CLIContext, local: (_ dataDirectory: String) throws(CLIError) -> Result,
        remote: (TheaterClient) async throws(ClientError) -> Result
    ) async throws(CLIError) -> Result {
        guard meansDataDirectory(in: context) else {
            return try await withClient(in: context, remote)
        }
        let refusal: CLIError
        do throws(CLIError) {
            return try local(try data.resolved(in: context))
        } catch {
            guard error.code == StoreError.Code.locked.rawValue else { throw error }
            refusal = error
        }
        do throws(CLIError) {
            return try await withClient(in: context, remote)
        } catch {
            // It is another program that has it.
            throw error.code == ClientError.Code.noNode.rawValue ? refusal : error
        }
    }
}

extension TheaterClient {
    /// The digest of what is meant in the node's store.
    func digest(of reference: StoreReference) async throws(ClientError) -> String? {
        switch reference.target {
        case .content(let id): return id.description
        case .label(let label):
            let labels = try await labels(of: reference.namespace.name)
            return labels.first { $0["label"]?.string == label.text }?["digest"]?.string
        }
    }
}

extension StoreReference {
    /// That the node has no such label.
    var missing: CLIError {
        CLIError(
            .failure, StoreError.Code.unlabelled.rawValue,
            "the node's store '\(namespace.name)' has no such label; put something there with `theater store put "
                + "FILE --label LABEL`")
    }
}
