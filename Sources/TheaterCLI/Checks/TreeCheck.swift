// SPDX-License-Identifier: Apache-2.0

internal import TheaterCapability
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform

/// Works out what every actor of a tree gets, from the manifests alone: nothing is started.
struct TreeCheck {
    /// How deep a tree is followed.
    static let depthMax = 16
    /// How many actors of a tree are looked at.
    static let countMax = 1024

    private let registry: HandlerRegistry
    private let files: ActorFiles
    private(set) var findings: [CheckFinding] = []
    private(set) var warnings: [String] = []
    private var count = 0

    init(registry: HandlerRegistry, files: ActorFiles) {
        self.registry = registry
        self.files = files
    }

    /// What tells manifests apart.
    private static func place(_ path: String) -> String {
        path.contains("://") ? path : CanonicalPath.resolve(path)
    }

    /// The tree below a manifest that was read.
    mutating func tree(_ actor: LoadedActor) -> GrantTree {
        count = 1
        let root = GrantTree(
            name: actor.manifest.name, path: actor.manifest.name, manifest: actor.manifestPath)
        return fill(root, actor.manifest, parent: .unlimited, ancestors: [])
    }

    private mutating func fill(
        _ node: GrantTree, _ manifest: Manifest, parent: GrantSet, ancestors: [String]
    ) -> GrantTree {
        var node = node
        warnings += manifest.warnings.map(\.description)
        let own = ancestors.isEmpty ? "" : "'\(node.path)': "
        var grants = GrantSet.empty
        do throws(ManifestDiagnostics) {
            let granted = try registry.grants(of: manifest, parent: parent)
            grants = granted.effective.grants
            for refusal in granted.effective.refusals {
                findings.append(
                    CheckFinding(
                        .manifest, "actor.grant-exceeds-parent",
                        "\(node.manifest): \(own)\(refusal)"))
            }
            node.handlers = granted.handlers.map { grant, type in
                handler(grant.type, type, manifest, granted.effective)
            }
        } catch {
            findings += error.diagnostics.map(CheckFinding.init)
            node.note = "what it may do cannot be worked out"
        }
        if !manifest.children.isEmpty {
            node.supervision = [node.supervision, Self.text(manifest.supervision)]
                .compactMap { $0 }.joined(separator: "; ")
        }
        let path = Self.place(node.manifest)
        for child in manifest.children {
            guard count < Self.countMax else {
                report(
                    node, "check.too-large",
                    "the tree has more than \(Self.countMax) actors; the rest is not looked at")
                break
            }
            count += 1
            node.children.append(
                self.child(child, of: node, grants: grants, ancestors: ancestors + [path]))
        }
        return node
    }

    private mutating func child(
        _ child: ChildDeclaration, of parent: GrantTree, grants: GrantSet, ancestors: [String]
    ) -> GrantTree {
        let reference = Manifest.resolve(child.manifest, relativeTo: parent.manifest)
        var node = GrantTree(
            name: child.name, path: "\(parent.path)/\(child.name)", manifest: reference)
        node.supervision = child.restart.rawValue
        guard !reference.contains("://") || files.hasStore else {
            node.note = "is in the store of a node, which is not here"
            return node
        }
        guard ancestors.count < Self.depthMax else {
            node.note = "is not looked at"
            report(
                node, "check.too-deep", "the tree is deeper than \(Self.depthMax) levels")
            return node
        }
        guard files.has(reference) else {
            node.note = "its manifest is missing"
            report(
                node, "check.missing-child",
                "its manifest '\(reference)' does not exist; correct 'manifest' under [[children]]"
                    + (reference.contains("://") ? ", or put it into the store" : ""))
            return node
        }
        guard !ancestors.contains(Self.place(reference)) else {
            node.note = "is its own ancestor"
            report(
                node, "check.cycle",
                "its manifest '\(reference)' is that of one of its ancestors, so the tree would never "
                    + "end")
            return node
        }
        do throws(CLIError) {
            let actor = try LoadedActor.load(manifest: reference, from: files)
            checkModule(child, actor, of: parent, node)
            return fill(node, actor.manifest, parent: grants, ancestors: ancestors)
        } catch {
            node.note = "its manifest is wrong"
            findings.append(CheckFinding(error))
            return node
        }
    }

    /// Finds out whether a child's module is there, and whether its imports are granted.
    private mutating func checkModule(
        _ child: ChildDeclaration, _ actor: LoadedActor, of parent: GrantTree, _ node: GrantTree
    ) {
        var actor = actor
        if let wasm = child.wasm {
            let path = Manifest.resolve(wasm, relativeTo: parent.manifest)
            actor = LoadedActor(
                manifestPath: actor.manifestPath, manifest: actor.manifest, wasmPath: path,
                files: files)
        }
        do throws(CLIError) {
            let wasm = try actor.wasm()
            guard let found = try? PackageMetadata.find(inModule: wasm) else { return }
            let granted = Set(actor.manifest.handlers.map(\.type))
            let offered = registry.offered
            let outcome = ImportCheck(
                granted: offered.filter { granted.contains($0.handler) }.map(\.interface.pact),
                ungranted: offered.filter { !granted.contains($0.handler) }
                    .map { .init(interface: $0.interface.name, handler: $0.handler) }
            ).check(found.metadata)
            for refusal in outcome.refusals {
                findings.append(
                    CheckFinding(
                        .importRefused, "actor.import-refused", "'\(node.path)': \(refusal)"))
            }
        } catch {
            findings.append(
                CheckFinding(error.status, error.code, "'\(node.path)': \(error.message)"))
        }
    }

    private mutating func report(_ node: GrantTree, _ code: String, _ message: String) {
        findings.append(CheckFinding(.manifest, code, "'\(node.path)': \(message)"))
    }

    private func handler(
        _ name: String, _ type: any TheaterHandler.Handler.Type, _ manifest: Manifest,
        _ effective: EffectiveGrants
    ) -> GrantTree.Handler {
        let isRefused = effective.refusals.contains { $0.handler == name }
        guard case .held(let bounds) = effective.grants[name], !isRefused else {
            return GrantTree.Handler(type: name, verdict: .refused, keys: [])
        }
        let narrowings = effective.narrowings.filter { $0.handler == name }
        var keys = type.authority.filter { $0.kind != .free }.map { key in
            let asked = narrowings.first { $0.key == key.name }?.asked ?? bounds[key.name]
            return GrantTree.Key(
                name: key.name, asked: key.text(asked), effective: key.text(bounds[key.name]))
        }
        let declared = Set(type.authority.map(\.name))
        for (key, bound) in bounds.keys.sorted(by: { $0.key < $1.key })
        where !declared.contains(key) {
            keys.append(
                GrantTree.Key(
                    name: key, asked: bound.description, effective: bound.description))
        }
        return GrantTree.Handler(
            type: name, verdict: narrowings.isEmpty ? .granted : .narrowed, keys: keys)
    }

    private static func text(_ settings: SupervisionSettings) -> String {
        "children \(settings.strategy.rawValue), \(settings.intensity) restarts in "
            + DurationText.format(settings.period)
    }
}
