// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterEngine
internal import TheaterHandler
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterValue

/// An import of an actor, bound to the host function that answers it.
final class ImportBinding: Sendable {
    /// The position of the granted handler among the actor's handlers.
    let handler: Int
    /// The function as the host declares it.
    let signature: FunctionSignature
    let mode: ImportMode
    let eventType: EventType
    /// Whether a failure is the function's error value instead of a trap.
    let failsWithString: Bool
    /// What the function is as an effect; `nil` for one that changes nothing outside.
    let effect: EffectKind?
    /// Whether the handler keeps nothing of a call of it: then it may be called again as if it had not been.
    let isRepeatable: Bool

    init(
        handler: Int, signature: FunctionSignature, mode: ImportMode, eventType: EventType,
        failsWithString: Bool, effect: EffectKind?, isStateless: Bool
    ) {
        isRepeatable = isStateless && effect == nil
        self.handler = handler
        self.signature = signature
        self.mode = mode
        self.eventType = eventType
        self.failsWithString = failsWithString
        self.effect = effect
    }
}

/// A function that an actor exports, as its metadata declares it.
final class ExportBinding: Sendable {
    /// The position among the module's exports.
    let index: Int
    /// The name under which it is called, such as `theater:simple/actor.init`.
    let name: String
    /// The name as UTF-8, as chains record it.
    let nameBytes: [UInt8]
    /// The declaration; `nil` when the metadata says nothing.
    let signature: FunctionSignature?
    /// The declared result; `nil` when there is none to check.
    private let result: TypeDescription?
    /// The type of the parameter that receives the caller; `nil` without one.
    private let callerForm: TypeDescription?
    /// The types of the parameters, the state's included.
    private let types: [TypeDescription]
    /// Whether it takes the state before one argument less than it has parameters, and whether it can be called
    /// with as many as those.
    private let mayTakeState: Bool
    private let mayTakeNone: Bool
    /// Whether its answer is the state and nothing else.
    let answersStateAlone: Bool

    init(index: Int, name: String, signature: FunctionSignature?) {
        self.index = index
        self.name = name
        nameBytes = Array(name.utf8)
        self.signature = signature
        result = signature?.results.first
        callerForm =
            signature?.takesCaller == true ? signature?.parameters.last?.type : nil
        types = signature?.parameters.map(\.type) ?? []
        mayTakeState = signature?.parameters(forArguments: types.count - 1) != nil
        mayTakeNone = signature?.parameters(forArguments: types.count) != nil
        answersStateAlone = CallShape.isStateAlone(signature)
    }

    /// The declaration without the state, for messages.
    var usage: String {
        guard let signature else { return name }
        return "\(signature)"
    }

    /// What the function is called with by somebody who gives these arguments: who calls is added when it wants
    /// to know; `nil` when it takes another number.
    ///
    /// - Parameter caller: the actor that calls; `nil` for somebody who is none.
    func fit(
        _ arguments: [Value], caller: ActorID?
    ) -> (arguments: [Value], takesState: Bool)? {
        guard let form = callerForm else {
            return takesState(before: arguments.count).map { (arguments, $0) }
        }
        let text = caller.map { Value.string($0.description) }
        let value =
            form == .string ? text ?? .string("external") : Value.option(.string, text)
        return takesState(before: arguments.count + 1).map { (arguments + [value], $0) }
    }

    /// Whether the function takes the actor's state before so many arguments; `nil` when it does not
    /// take so many. A function that is not declared takes no state.
    func takesState(before argumentCount: Int) -> Bool? {
        if signature == nil { return false }
        if mayTakeState, argumentCount == types.count - 1 { return true }
        return mayTakeNone && argumentCount == types.count ? false : nil
    }
}

/// Everything about a module under certain grants that its actors share.
final class ActorTemplate: Sendable {
    let linked: LinkedModule
    /// The digest of the wasm, as chains record it.
    let moduleDigest: Digest
    let metadata: PackageMetadata
    let imports: [ImportBinding]
    let exports: [String: ExportBinding]
    /// The hashes of the exported interfaces, sorted by name and computed from the functions that are
    /// there: what the module itself says about them is not believed.
    let exportHashes: [PackageMetadata.Hash]
    /// The interfaces that the actor is granted, and the position of each import's there: what meters
    /// count by. They are the same for all code under the same grants.
    let interfaces: [String]
    let interfaceIndices: [Int]
    /// Where the module came from, for those who measure.
    let origin: ModuleCache.Origin

    init(
        linked: LinkedModule, metadata: PackageMetadata, imports: [ImportBinding],
        interfaces: [String], origin: ModuleCache.Origin
    ) {
        self.linked = linked
        moduleDigest = Digest(hex: linked.module.digest) ?? .zero
        self.metadata = metadata
        self.imports = imports
        self.interfaces = interfaces
        interfaceIndices = imports.map { binding in
            interfaces.firstIndex(of: binding.signature.interface) ?? 0
        }
        self.origin = origin
        var exports: [String: ExportBinding] = [:]
        for (index, item) in linked.module.exports.enumerated()
        where item.type == .actorFunction && exports[item.name] == nil {
            exports[item.name] = ExportBinding(
                index: index, name: item.name,
                signature: metadata.exports.first { $0.qualifiedName == item.name })
        }
        self.exports = exports
        let found = metadata.exports.filter { exports[$0.qualifiedName] != nil }
        exportHashes = PackageMetadata(imports: [], exports: found).exportHashes
            .sorted { $0.name < $1.name }
    }
}

extension ActorTemplate {
    /// Checks that the actor has the interfaces that its manifest offers to others.
    func checkOffers(_ interfaces: [String]) throws(ActorError) {
        guard !interfaces.isEmpty else { return }
        let exported = Set(metadata.exports.map(\.interface)).subtracting([""])
        for interface in interfaces where !exported.contains(interface) {
            let near = Suggestion.nearest(to: interface, among: exported.sorted())
            let hint = near.map { "did you mean '\($0)'?" } ?? "remove it from rpc under [exports]"
            throw ActorError(
                .manifest,
                "the manifest offers '\(interface)', which the actor does not export; \(hint)")
        }
    }
}

extension ExportBinding {
    /// Checks a caller's arguments against the declaration; the state is not among them.
    func check(_ arguments: [Value], takesState: Bool) throws(ActorError) {
        let first = takesState ? 1 : 0
        for index in arguments.indices where first + index < types.count {
            do throws(PactError) {
                try TypeCheck.check(arguments[index], against: types[first + index])
            } catch {
                let parameter = signature?.parameters[first + index].name ?? "\(index + 1)"
                throw ActorError(
                    .wrongArgument,
                    "argument '\(parameter)' of '\(name)' does not fit: \(error.problem)")
            }
        }
    }

    /// Checks what the guest answered against the declaration.
    func checkResult(_ value: Value) throws(ActorError) {
        guard let declared = result else { return }
        do throws(PactError) {
            try TypeCheck.check(value, against: declared)
        } catch {
            throw ActorError(
                .wrongResult,
                "'\(name)' answered with something else than it declares: \(error.problem)")
        }
    }
}
