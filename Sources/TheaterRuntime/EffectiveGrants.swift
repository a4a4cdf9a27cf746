// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterCapability
internal import TheaterHandler
internal import TheaterManifest

extension HandlerRegistry {
    /// What an actor gets of what its manifest asks for, or why it does not start.
    ///
    /// What is asked wider than the parent holds is narrowed, which is logged. What cannot be narrowed
    /// is refused.
    func grants(
        of manifest: Manifest, name: String, parent: GrantSet, logger: Logger
    ) throws(ActorError) -> GrantedHandlers {
        guard manifest.initialStateFile == nil || manifest.initialState != nil else {
            throw ActorError(
                .manifest,
                "the first state of '\(name)' stands in a file that was not read; read it with "
                    + "Manifest.readInitialState before the actor is started")
        }
        let granted: GrantedHandlers
        do throws(ManifestDiagnostics) {
            granted = try grants(of: manifest, parent: parent)
        } catch {
            throw ActorError(.manifest, "\(error)")
        }
        let refusals = granted.effective.refusals
        guard refusals.isEmpty else {
            throw ActorError(
                .grantExceedsParent,
                "'\(name)' cannot be started: "
                    + refusals.map(\.description).joined(separator: "\n"))
        }
        for narrowing in granted.effective.narrowings {
            logger.notice(
                "a grant was narrowed to what the parent holds",
                metadata: [
                    "actor.name": "\(name)", "handler.name": "\(narrowing.handler)",
                    "grant.narrowed": "\(narrowing)",
                ])
        }
        return granted
    }
}
