// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform

/// Makes templates: reads a module's metadata and binds its imports to granted host functions.
struct TemplateLoader {
    let engine: Engine
    let handlers: HandlerRegistry
    let world: World

    /// The budget of reading a module's metadata, which is data behind a few instructions.
    private static let probeFuel: UInt64 = 1_000_000_000

    /// Loads a module under grants.
    func load(
        _ module: WasmModule, origin: ModuleCache.Origin,
        granted: [(grant: HandlerGrant, type: any Handler.Type)], manifest: Manifest
    ) async throws(ActorError) -> ActorTemplate {
        let name = manifest.name
        // Linking finds imports that are no host functions before metadata is asked for.
        let probe = try link(module, module.imports.map { _ in .immediate }, name)
        let metadata = try decode(try await metadataBytes(probe, name, manifest.limits), name)
        let imports = try bind(module, metadata, granted, name)
        let linked = try link(module, imports.map(\.mode), name)
        return ActorTemplate(
            linked: linked, metadata: metadata, imports: imports,
            interfaces: Set(granted.flatMap { $0.type.interfaces.map(\.name) }).sorted(),
            origin: origin)
    }

    private func link(
        _ module: WasmModule, _ modes: [ImportMode], _ name: String
    ) throws(ActorError) -> LinkedModule {
        do throws(EngineError) {
            return try LinkedModule(module, modes: modes)
        } catch {
            throw ActorError(.module, "'\(name)' is not an actor: \(error.message)", cause: error)
        }
    }

    /// Asks a throw-away guest, which may call no host function, for its metadata.
    private func metadataBytes(
        _ probe: LinkedModule, _ name: String, _ limits: Limits
    ) async throws(ActorError) -> [UInt8] {
        do throws(EngineError) {
            let budget = CallBudget(
                fuel: min(Self.probeFuel, limits.fuelPerCall),
                deadline: world.now().advanced(by: limits.initTimeout))
            let guest = try await Guest(
                probe, engine: engine, host: DeafHost(), control: GuestControl(world: world),
                limits: GuestLimits(limits), budget: budget)
            return try await guest.metadata(budget: budget)
        } catch {
            if error.code == .guestCeiling || error.code == .instantiation {
                throw .crashed(in: "start", error)
            }
            throw ActorError(
                .metadata, "the metadata of '\(name)' cannot be read: \(error.message)",
                cause: error)
        }
    }

    private func decode(_ bytes: [UInt8], _ name: String) throws(ActorError) -> PackageMetadata {
        do throws(PactError) {
            return try PackageMetadata(decoding: bytes)
        } catch {
            throw ActorError(.metadata, "the metadata of '\(name)' cannot be read: \(error)")
        }
    }

    private func bind(
        _ module: WasmModule, _ metadata: PackageMetadata,
        _ granted: [(grant: HandlerGrant, type: any Handler.Type)], _ name: String
    ) throws(ActorError) -> [ImportBinding] {
        let interfaces = granted.enumerated().flatMap { index, item in
            item.type.interfaces.map { (handler: index, interface: $0) }
        }
        let names = Set(interfaces.map(\.interface.name))
        let ungranted = handlers.offered.filter { !names.contains($0.interface.name) }
        let report = ImportCheck(
            granted: interfaces.map(\.interface.pact),
            ungranted: ungranted.map { .init(interface: $0.interface.name, handler: $0.handler) }
        ).check(metadata)
        guard report.isAccepted else {
            let reasons = report.refusals.map(\.description).joined(separator: "\n")
            throw ActorError(.importRefused, "'\(name)' cannot be started: \(reasons)")
        }
        // What the module really imports must be what its metadata says it imports.
        let declared = Dictionary(
            metadata.imports.map { ($0.qualifiedName, $0) }, uniquingKeysWith: { first, _ in first }
        )
        var bindings: [ImportBinding] = []
        for item in module.imports {
            let offers = interfaces.compactMap { offer in
                offer.interface.name == item.module
                    ? offer.interface.pact.functions.first { $0.name == item.name }
                        .map { (offer.handler, offer.interface, $0) } : nil
            }
            // Of several versions of an interface, the one that the actor was built for.
            let wanted = declared["\(item.module).\(item.name)"]?.hash()
            guard wanted != nil,
                let (handler, interface, function) = offers.first(where: {
                    $0.1.pact.hash(of: $0.2, rules: .host) == wanted
                }) ?? offers.first
            else {
                throw ActorError(
                    .importRefused,
                    "'\(name)' cannot be started: its code imports '\(item.name)' of '\(item.module)', "
                        + "which its metadata does not declare; build it again with its interface file"
                )
            }
            bindings.append(
                try binding(
                    handler, interface, function,
                    isStateless: granted[handler].type.isStateless))
        }
        return bindings
    }

    private func binding(
        _ handler: Int, _ interface: HostInterface, _ function: PactFunction, isStateless: Bool
    ) throws(ActorError) -> ImportBinding {
        let signature: FunctionSignature
        do throws(PactError) {
            signature = try FunctionSignature(function, in: interface.pact)
        } catch {
            throw ActorError(
                .importRefused, "the interface '\(interface.name)' cannot be used: \(error)")
        }
        var failsWithString = interface.valueResults.contains(function.name)
        if case .result(_, .string)? = signature.results.first { failsWithString = true }
        return ImportBinding(
            handler: handler, signature: signature,
            mode: interface.suspending.contains(function.name) ? .suspending : .immediate,
            eventType: EventType(interface: interface.name, function: function.name),
            failsWithString: failsWithString,
            effect: EffectKind(interface.effect(of: function.name)), isStateless: isStateless)
    }
}

/// The host of guests that may call nothing.
private final class DeafHost: GuestHost {
    func answer(import index: Int, input: UnsafeRawBufferPointer) -> HostAnswer {
        .failure(
            EngineError(.hostFunction, "the actor called a host function before it was started"))
    }
}

extension GuestLimits {
    /// The bounds that a manifest sets.
    init(_ limits: Limits) {
        self.init(
            memorySizeMax: Int(clamping: limits.memory.bytes),
            tableElementsMax: limits.tableElements)
    }
}
