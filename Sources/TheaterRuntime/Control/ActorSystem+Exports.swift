// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// One function that an actor exports.
public struct ActorExport: Sendable, Hashable {
    /// Its name, such as `hello:greeter/greeter.greet`.
    public let name: String
    /// How it is declared, on one line.
    public let usage: String
}

extension ActorSystem {
    /// The functions that a live actor exports, sorted by name.
    ///
    /// - Throws: `actor.not-found` or `actor.ended`.
    public func exportList(of id: ActorID) throws(ActorError) -> [ActorExport] {
        try cell(id).template.exports
            .map { ActorExport(name: $0.key, usage: $0.value.usage) }
            .sorted { $0.name < $1.name }
    }
}
