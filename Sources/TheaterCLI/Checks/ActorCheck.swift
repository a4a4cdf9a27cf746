// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterNode
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterValue

/// Checks an actor without starting it, and goes on after a finding as far as it can.
struct ActorCheck {
    private var report = CheckReport()
    private let registry = Node.registry()
    private let variables: [String: String]
    private let files: ActorFiles
    /// Whether imports are measured against grants; a module alone has none.
    private var hasGrants = true

    private init(variables: [String: String], files: ActorFiles) {
        self.variables = variables
        self.files = files
    }

    /// Checks what a path names.
    ///
    /// - Parameters:
    ///   - variables: values for the variables of the manifest.
    ///   - files: what it is read from.
    static func check(
        _ location: ActorLocation, variables: [String: String] = [:],
        files: ActorFiles = ActorFiles(dataDirectory: nil), logger: Logger
    ) async -> CheckReport {
        var check = ActorCheck(variables: variables, files: files)
        await check.run(location, logger)
        return check.report
    }

    private mutating func run(_ location: ActorLocation, _ logger: Logger) async {
        do throws(CLIError) {
            switch location {
            case .manifest(let path):
                report.manifestPath = path
                let actor = try LoadedActor.load(
                    manifest: path, variables: variables, from: files)
                report.name = actor.manifest.name
                report.wasmPath = actor.wasmPath
                checkHandlers(actor.manifest, logger)
                checkTree(actor)
                let wasm = try actor.wasm()
                if !path.contains("://") { checkSource(of: wasm, in: actor.folder) }
                await checkModule(wasm, actor.manifest, logger)
            case .wasm(let path):
                hasGrants = false
                report.wasmPath = path
                let name = path.split(separator: "/").last.map(String.init) ?? path
                let grants = registry.names.map { HandlerGrant(type: $0) }
                await checkModule(
                    try LoadedActor.wasm(at: path),
                    Manifest(name: name, package: path, handlers: grants), logger)
            }
        } catch {
            add(error)
        }
    }

    private mutating func add(_ error: CLIError) {
        if error.status == .manifest, error.isVerbatim, report.manifestPath != nil,
            let diagnostics = manifestFindings()
        {
            report.findings += diagnostics
        } else {
            report.findings.append(CheckFinding(error))
        }
    }

    /// The findings in the manifest one by one, with their places.
    private func manifestFindings() -> [CheckFinding]? {
        guard let path = report.manifestPath,
            let bytes = try? files.read(path, sizeMax: Manifest.sizeMax + 1, status: .manifest)
        else { return nil }
        do throws(ManifestDiagnostics) {
            _ = try Manifest.parse(bytes: bytes, file: path, variables: variables)
            return nil
        } catch {
            return error.diagnostics.map(CheckFinding.init)
        }
    }

    // MARK: The manifest

    /// Checks that each grant names a handler, and that the handler accepts its configuration.
    private mutating func checkHandlers(_ manifest: Manifest, _ logger: Logger) {
        let context = HandlerContext(
            actorID: ActorID(high: 0, low: 0), actorName: manifest.name, logger: logger,
            cell: NoCell())
        for grant in manifest.handlers {
            guard let type = registry.handler(named: grant.type) else {
                report.findings.append(CheckFinding(grant.unknownType(among: registry.names)))
                continue
            }
            do throws(ManifestDiagnostics) {
                var reader = grant.reader()
                _ = try type.init(grant: &reader, context: context)
            } catch {
                report.findings += error.diagnostics.map(CheckFinding.init)
            }
        }
    }

    /// Works out what the actor and those below it get.
    private mutating func checkTree(_ actor: LoadedActor) {
        var check = TreeCheck(registry: registry, files: files)
        report.tree = check.tree(actor)
        report.warnings = check.warnings
        // A handler may say the same of its own keys.
        let known = Set(report.findings)
        report.findings += check.findings.filter { !known.contains($0) }
    }

    // MARK: The module

    private mutating func checkModule(
        _ wasm: [UInt8], _ manifest: Manifest, _ logger: Logger
    ) async {
        report.size = wasm.count
        let digest = Digest.sha256(of: wasm).description
        report.sha256 = digest
        if let wanted = manifest.sha256, wanted != digest {
            report.findings.append(
                CheckFinding(
                    .module, "actor.wrong-digest",
                    "the module's sha256 is not the one in the manifest, \(wanted); build it again, "
                        + "or correct sha256"))
        }
        if let found = try? PackageMetadata.find(inModule: wasm) {
            describe(found.metadata, manifest)
        }
        await load(wasm, manifest, logger)
    }

    /// Loads the module as starting it would, and keeps what was not found before.
    private mutating func load(_ wasm: [UInt8], _ manifest: Manifest, _ logger: Logger) async {
        do {
            let node = try Node(NodeOptions(guestsMax: 4), logger: logger)
            do {
                let module = try await node.system.engine.modules.module(for: wasm)
                try module.checkConvention()
                _ = try await node.system.check(SpawnRequest(wasm: wasm, manifest: manifest))
            } catch {
                let found = CLIError(unexpected: error)
                if !report.findings.contains(where: { $0.status == found.status }) {
                    report.findings.append(CheckFinding(found))
                }
            }
            try await node.close()
        } catch {
            report.findings.append(CheckFinding(CLIError(unexpected: error)))
        }
    }

    /// Describes imports and exports, and compares the imports with the grants.
    private mutating func describe(_ metadata: PackageMetadata, _ manifest: Manifest) {
        let offered = registry.offered
        let granted = Set(manifest.handlers.map(\.type))
        let hasGrants = hasGrants
        let isGranted = { (handler: String) in !hasGrants || granted.contains(handler) }
        let outcome = ImportCheck(
            granted: offered.filter { isGranted($0.handler) }.map(\.interface.pact),
            ungranted: offered.filter { !isGranted($0.handler) }
                .map { .init(interface: $0.interface.name, handler: $0.handler) }
        ).check(metadata)
        for refusal in outcome.refusals {
            report.findings.append(
                CheckFinding(.importRefused, "actor.import-refused", refusal.description))
        }
        report.imports = InterfaceList.list(metadata.imports, metadata.importHashes).map { item in
            var item = item
            let verdict = outcome.outcomes.first { $0.interface == item.name }?.verdict
            item.verdict = verdict.map { Self.word($0, hasGrants: hasGrants) }
            item.handler = offered.first { $0.interface.name == item.name }?.handler
            // The metadata has `bool` where nothing is answered; what is the same is shown as it is declared.
            if case .verified? = verdict {
                item.declare(
                    offered.filter { $0.interface.name == item.name }.flatMap {
                        $0.interface.pact.functions
                    })
            }
            return item
        }
        report.exports = InterfaceList.list(metadata.exports, metadata.exportHashes)
    }

    private static func word(_ verdict: ImportReport.Verdict, hasGrants: Bool) -> String {
        switch verdict {
        case .verified: hasGrants ? "granted" : "offered"
        case .unknown: "unknown"
        case .notGranted: "not-granted"
        case .missingFunctions: "missing-functions"
        case .mismatch: "different"
        }
    }

    // MARK: The source

    /// Compares the module with the `.pact` file it was built from.
    private mutating func checkSource(of wasm: [UInt8], in folder: String) {
        let names = Files.names(in: folder).filter { $0.hasSuffix(".pact") }
        guard names.count == 1, let built = try? PackageMetadata.find(inModule: wasm)?.metadata
        else { return }
        let path = folder == "." ? names[0] : Files.join(folder, names[0])
        let package: PactPackage
        do {
            let bytes = try Files.read(path, sizeMax: PactLimits.textSizeMax, status: .build)
            package = try PactPackage.parse(String(decoding: bytes, as: UTF8.self), file: path)
            let written = try PackageMetadata(package: package)
            guard
                Set(written.exportHashes) != Set(built.exportHashes)
                    || Set(written.importHashes) != Set(built.importHashes)
            else { return }
            report.findings.append(
                CheckFinding(
                    .failure, "check.outdated",
                    "the module was built from another version of '\(path)'; run `theater build`"))
        } catch {
            let error = CLIError(unexpected: error)
            report.findings.append(CheckFinding(.build, error.code, error.message))
        }
    }
}

/// The cell of an actor that is never started.
private struct NoCell: CellPort {
    func requestShutdown(result: [UInt8]?) {}
    func recentEvents(_ countMax: Int) -> [RecentEvent] { [] }
    func exports(_ function: String) -> Bool { false }
    func call(_ function: String, _ arguments: [Value]) async -> Result<Value, CallbackError> {
        .failure(CallbackError(.ended, "the actor is checked, not run"))
    }
}
