// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import Crypto
internal import Dispatch
internal import Synchronization

/// Compiled modules by the digest of their wasm: in memory, and on disk when the engine has a folder.
///
/// A module is compiled once, on a thread of its own, however many ask for it at the same time.
/// The memory part keeps the `countMax` modules used last; a module in use stays alive anyway.
public final class ModuleCache: Sendable {
    /// How many modules stay in memory.
    public static let countMax = 256
    /// The largest wasm that is accepted, in bytes: 256 MiB.
    public static let wasmSizeMax = 256 << 20

    /// Where a module came from.
    public enum Origin: String, Sendable {
        /// It was in memory.
        case memory
        /// It was on disk.
        case disk
        /// It was compiled.
        case compiled
    }

    private struct Table {
        var entries: [String: Entry] = [:]
        var clock: UInt64 = 0
        /// Arrays of wasm that were hashed lately.
        var known: [Known] = []
        var knownNext = 0
    }
    /// An array that was found to begin as a module does, and its digest.
    ///
    /// While it is kept here its buffer is shared, so nobody can change it in place: an array of the
    /// same address and size holds the same bytes.
    private struct Known {
        let wasm: [UInt8]
        let digest: String
    }
    private struct Entry {
        var load: Load
        var lastUse: UInt64
    }
    /// A module that is loaded or being loaded.
    private final class Load: Sendable {
        let task: Task<Result<(WasmModule, Origin), EngineError>, Never>
        init(_ task: Task<Result<(WasmModule, Origin), EngineError>, Never>) { self.task = task }
    }

    private let engine: EngineHandle
    private let disk: DiskCache?
    private let table = Mutex(Table())
    private let compiler = DispatchQueue(label: "theater.compiler")

    init(engine: EngineHandle, directory: String?) throws(EngineError) {
        self.engine = engine
        disk = if let directory { try DiskCache(directory: directory) } else { nil }
    }

    /// The SHA-256 of a wasm file, as 64 lower-case hex digits: the name of its module.
    public static func digest(of wasm: [UInt8]) -> String { hex(SHA256.hash(data: wasm)) }

    static func hex(_ digest: some Sequence<UInt8>) -> String {
        func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
        }
        var text: [UInt8] = []
        text.reserveCapacity(2 * digest.underestimatedCount)
        for byte in digest {
            text.append(digit(byte >> 4))
            text.append(digit(byte & 15))
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Loads a module, from memory, from disk, or by compiling it.
    ///
    /// May suspend while it is compiled; cancelling the caller does not stop the compilation.
    ///
    /// - Throws: `engine.invalid-module` with the validator's reason and offset.
    public func module(for wasm: [UInt8]) async throws(EngineError) -> WasmModule {
        try await moduleAndOrigin(for: wasm).module
    }

    /// Loads a module and says where it came from.
    public func moduleAndOrigin(
        for wasm: [UInt8]
    ) async throws(EngineError) -> (module: WasmModule, origin: Origin) {
        let digest: String
        if let known = knownDigest(of: wasm) {
            digest = known
        } else {
            digest = try checkAndHash(wasm)
        }
        let (load, isNew) = table.withLock { table in
            table.clock += 1
            if let entry = table.entries[digest] {
                table.entries[digest]?.lastUse = table.clock
                return (entry.load, false)
            }
            let load = Load(Task { await self.load(wasm, digest: digest) })
            table.entries[digest] = Entry(load: load, lastUse: table.clock)
            if table.entries.count > Self.countMax,
                let oldest = table.entries.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                table.entries[oldest.key] = nil
            }
            return (load, true)
        }
        switch await load.task.value {
        case .success((let module, let origin)): return (module, isNew ? origin : .memory)
        case .failure(let error):
            table.withLock { table in
                if table.entries[digest]?.load === load { table.entries[digest] = nil }
            }
            throw error
        }
    }

    /// How many arrays are known, and the largest of them: together they keep at most 16 MiB alive.
    private static let knownMax = 16
    private static let knownSizeMax = 1 << 20

    private func knownDigest(of wasm: [UInt8]) -> String? {
        wasm.withUnsafeBufferPointer { bytes in
            table.withLock { table in
                table.known.first { known in
                    known.wasm.count == bytes.count
                        && known.wasm.withUnsafeBufferPointer {
                            $0.baseAddress == bytes.baseAddress
                        }
                }?.digest
            }
        }
    }

    /// Checks the first bytes, so that what is no module gets a better error than the compiler's.
    private func checkAndHash(_ wasm: [UInt8]) throws(EngineError) -> String {
        guard wasm.count <= Self.wasmSizeMax else {
            throw EngineError(
                .invalidModule,
                "the file has \(wasm.count) bytes; a module may have at most \(Self.wasmSizeMax)")
        }
        guard wasm.starts(with: [0, 0x61, 0x73, 0x6D]) else {
            throw EngineError(
                .invalidModule,
                "the file does not begin with the bytes of a WebAssembly module (\\0asm); "
                    + "give the .wasm file that the build made")
        }
        guard wasm.count >= 8, wasm[4...7].elementsEqual([1, 0, 0, 0]) else {
            let isComponent = wasm.count >= 8 && wasm[6] == 1
            throw EngineError(
                .invalidModule,
                isComponent
                    ? "the file is a WebAssembly component; actors are core modules, so build "
                        + "it without the component step"
                    : "the file is not a version 1 WebAssembly module; it is truncated or of "
                        + "another version")
        }
        let digest = Self.digest(of: wasm)
        guard wasm.count <= Self.knownSizeMax else { return digest }
        table.withLock { table in
            let known = Known(wasm: wasm, digest: digest)
            if table.known.count < Self.knownMax {
                table.known.append(known)
            } else {
                table.known[table.knownNext] = known
                table.knownNext = (table.knownNext + 1) % Self.knownMax
            }
        }
        return digest
    }

    /// Disk and compiler work, off the cooperative pool.
    private func load(
        _ wasm: [UInt8], digest: String
    ) async -> Result<(WasmModule, Origin), EngineError> {
        await withCheckedContinuation { continuation in
            compiler.async {
                let result: Result<(WasmModule, Origin), EngineError>
                do throws(EngineError) {
                    result = .success(try self.loadNow(wasm, digest: digest))
                } catch {
                    result = .failure(error)
                }
                continuation.resume(returning: result)
            }
        }
    }

    private func loadNow(
        _ wasm: [UInt8], digest: String
    ) throws(EngineError) -> (WasmModule, Origin) {
        let (plan, compiled) = ImagePlan.make(wasm)
        if let pointer = disk?.load(digest: digest, engine: engine) {
            let module = WasmModule(
                pointer, engine: engine, digest: digest, size: wasm.count, plan: plan)
            return (module, .disk)
        }
        var pointer: OpaquePointer?
        if compiled.count != wasm.count,
            let error = wasmtime_module_new(engine.pointer, compiled, compiled.count, &pointer)
        {
            // What the reason says is said of the bytes as they are.
            wasmtime_error_delete(error)
        }
        if pointer == nil,
            let error = wasmtime_module_new(engine.pointer, wasm, wasm.count, &pointer)
        {
            throw EngineError(
                .invalidModule,
                "the module is not valid: " + Failures.message(ofError: error))
        }
        guard let pointer else {
            throw EngineError(.invalidModule, "the compiler returned no module")
        }
        disk?.save(pointer, digest: digest)
        return (
            WasmModule(pointer, engine: engine, digest: digest, size: wasm.count, plan: plan),
            .compiled
        )
    }
}
