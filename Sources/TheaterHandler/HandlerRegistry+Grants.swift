// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
public import TheaterManifest

/// The handlers that an actor gets, each with the configuration that it gets.
public struct GrantedHandlers: Sendable {
    /// The handlers in the order of the manifest; each grant is narrowed to what is effective.
    public let handlers: [(grant: HandlerGrant, type: any Handler.Type)]
    /// What the actor gets of what it asked for; what its own children may have at most.
    public let effective: EffectiveGrants
}

extension HandlerRegistry {
    /// Measures what a manifest asks for against what its parent holds.
    ///
    /// Nothing starts and nothing is refused here: the result says what is narrowed, and what would be
    /// refused.
    ///
    /// - Parameters:
    ///   - parent: what the parent holds; `.unlimited` for what an operator starts.
    /// - Throws: a diagnostic for each entry that names no handler on offer, and for each bound that
    ///   is malformed.
    public func grants(
        of manifest: Manifest, parent: GrantSet = .unlimited
    ) throws(ManifestDiagnostics) -> GrantedHandlers {
        let granted = try granted(by: manifest)
        var findings: [ManifestDiagnostic] = []
        var asked: [String: GrantBounds] = [:]
        for (grant, type) in granted {
            do throws(ManifestDiagnostics) {
                asked[grant.type] = try authority(type).bounds(of: grant)
            } catch {
                findings += error.diagnostics
            }
        }
        var policies: [String: GrantPolicy] = [:]
        for policy in manifest.policies {
            guard let type = handler(named: policy.type) else {
                findings.append(policy.unknownType(in: manifest.file, among: names))
                continue
            }
            do throws(ManifestDiagnostics) {
                policies[policy.type] = try authority(type).policy(policy)
            } catch {
                findings += error.diagnostics
            }
        }
        guard findings.isEmpty else { throw ManifestDiagnostics(findings) }
        let effective = GrantSet.effective(
            parent: parent, policy: policies,
            manifest: GrantSet(asked.mapValues { Grant.held($0) }))
        let handlers = granted.map { grant, type -> (HandlerGrant, any Handler.Type) in
            guard let asked = asked[grant.type],
                case .held(let bounds) = effective.grants[grant.type]
            else { return (grant, type) }
            return (authority(type).narrowed(grant, asked: asked, effective: bounds), type)
        }
        return GrantedHandlers(handlers: handlers, effective: effective)
    }

    private func authority(_ type: any Handler.Type) -> Authority {
        Authority(type, canonicalPath: canonicalPath)
    }
}
