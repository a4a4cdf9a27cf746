// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterPlatform
internal import TheaterRuntime

/// Finds the actor that a text means: an identity, a name, or the beginning of an identity that no other
/// has.
struct ActorLookup: Sendable {
    /// How much of an identity must be given.
    static let prefixMin = 4

    let node: ServedNode

    /// A live actor; an identity in full may also be that of a past one.
    func live(_ text: String) throws(Problem) -> ActorID {
        if let id = ActorID(text) { return id }
        if let id = node.system.actor(named: text) { return id }
        return try unique(text, among: node.system.actorIDs())
    }

    /// An actor that has a chain, past ones included. Of a name the live one is meant, else the newest.
    func recorded(_ text: String) throws(Problem) -> ActorID {
        if let id = ActorID(text) { return id }
        if let id = node.system.actor(named: text) { return id }
        let chains = node.journal.actors()
        if let chain = chains.last(where: { $0.name == text }) { return chain.actor }
        return try unique(text, among: chains.map(\.actor))
    }

    private func unique(_ text: String, among ids: [ActorID]) throws(Problem) -> ActorID {
        let wanted = text.lowercased()
        let isPrefix =
            wanted.utf8.count >= Self.prefixMin
            && wanted.utf8.allSatisfy {
                $0 == UInt8(ascii: "-") || Hexadecimal.isDigit($0)
            }
        let found = isPrefix ? ids.filter { $0.description.hasPrefix(wanted) } : []
        guard let id = found.first else {
            throw Problem(
                status: 404, code: ActorError.Code.notFound.rawValue,
                detail: "no actor is called '\(text.prefix(64))', and no identity begins so; "
                    + "list the live ones")
        }
        guard found.count == 1 else {
            let list = found.prefix(4).map(\.description).joined(separator: ", ")
            throw Problem(
                .ambiguous,
                "'\(text.prefix(64))' begins \(found.count) identities: \(list); give more of it")
        }
        return id
    }
}
