// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import Synchronization

/// The process's one engine: compiles modules, keeps them, and bounds how many guests live.
///
/// Safe to share. Making one installs signal handlers for wasm traps and reserves address space
/// for `guestsMax` guests; nothing of it is resident until guests use it.
public final class Engine: Sendable {
    let handle: EngineHandle
    /// How many guests may live at once.
    public let guestsMax: Int
    /// The fuel after which a running guest lets others run.
    public let yieldInterval: UInt64
    /// Compiled modules, in memory and on disk.
    public let modules: ModuleCache
    private let live = Atomic<Int>(0)

    /// The version of the engine library that this build is for.
    public static var version: String { EngineConfiguration.engineVersion }
    /// How many guests this machine's limit on memory mappings allows.
    public static func guestCeiling() -> Int { EngineConfiguration.guestCeiling() }

    /// Makes an engine.
    ///
    /// - Throws: `engine.instantiation` when the library refuses, `engine.cache` when the cache
    ///   folder is unusable.
    public init(_ options: EngineOptions = EngineOptions()) throws(EngineError) {
        guestsMax = max(1, min(options.guestsMax ?? .max, EngineConfiguration.guestCeiling()))
        yieldInterval = options.yieldInterval
        handle = EngineHandle(try EngineConfiguration.makeEngine(guestsMax: guestsMax))
        modules = try ModuleCache(engine: handle, directory: options.cacheDirectory)
    }

    /// The number of guests alive now.
    public var guestsLive: Int { live.load(ordering: .relaxed) }

    /// Takes one of the places for guests.
    func takePlace() throws(EngineError) {
        let count = live.add(1, ordering: .relaxed).newValue
        guard count <= guestsMax else {
            live.subtract(1, ordering: .relaxed)
            throw EngineError(
                .guestCeiling,
                "\(guestsMax) actors are alive, which is all this node has room for; stop some, or "
                    + (guestsMax < EngineConfiguration.guestCeiling()
                        ? "give the node more room"
                        : "raise vm.max_map_count and start the node again")
            )
        }
    }

    func givePlaceBack() { live.subtract(1, ordering: .relaxed) }

    /// Assembles the text form of WebAssembly.
    ///
    /// - Throws: `engine.invalid-module` with the assembler's diagnostic.
    public static func assemble(wat: String) throws(EngineError) -> [UInt8] {
        var bytes = wasm_byte_vec_t()
        if let error = wasmtime_wat2wasm(wat, wat.utf8.count, &bytes) {
            throw EngineError(.invalidModule, Failures.message(ofError: error))
        }
        defer { wasm_byte_vec_delete(&bytes) }
        return Array(UnsafeBufferPointer(start: bytes.data, count: bytes.size))
    }
}

/// Owns the library's engine object.
final class EngineHandle: @unchecked Sendable {
    // SAFETY: the object is an atomically counted reference; every call used on it takes `&Engine`.
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { wasm_engine_delete(pointer) }
}
