// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterManifest
internal import TheaterPlatform

extension Placement {
    /// The place of a life that begins.
    init(_ blueprint: Blueprint, _ lineage: Lineage?, firstMail: UInt64) {
        let spec = lineage?.spec ?? ChildSpec()
        let restart: Restart =
            switch spec.restart {
            case .permanent: .permanent
            case .transient: .transient
            case .temporary: .temporary
            }
        let shutdown: Shutdown =
            switch spec.shutdown {
            case .kill: .kill
            case .infinity: .infinity
            case .timeout(let duration): .timeout(UInt64(clamping: duration.wholeNanoseconds))
            }
        let scope: Scope =
            switch blueprint.scope {
            case .everything: .everything
            case .named(let folder, let actor): .named(folder: folder, actor: actor)
            }
        self.init(
            lives: UInt64(max(1, (lineage?.restarts ?? 0) + 1)), firstMail: firstMail,
            restart: restart, shutdown: shutdown, startsWithLastState: spec.state == .last,
            isAwaited: lineage?.isPrivate ?? false, isAuthored: blueprint.isAuthored,
            origin: blueprint.origin, scope: scope)
    }

    /// How the life is supervised.
    var spec: ChildSpec {
        var spec = ChildSpec()
        switch restart {
        case .permanent: spec.restart = .permanent
        case .transient: spec.restart = .transient
        case .temporary: spec.restart = .temporary
        }
        switch shutdown {
        case .kill: spec.shutdown = .kill
        case .infinity: spec.shutdown = .infinity
        case .timeout(let nanoseconds):
            spec.shutdown = .timeout(.nanoseconds(Int64(clamping: nanoseconds)))
        }
        spec.state = startsWithLastState ? .last : .fresh
        return spec
    }

    /// What the references in the manifest may lead to.
    var referenceScope: ReferenceScope {
        switch scope {
        case .everything: .everything
        case .named(let folder, let actor): .named(folder: folder, actor: actor)
        }
    }
}
