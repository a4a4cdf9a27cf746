// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import Glibc

/// What an embedder may choose about the engine; everything else is fixed in this file.
public struct EngineOptions: Sendable, Hashable {
    /// How many guests may live at once; `nil` takes all that `vm.max_map_count` allows.
    ///
    /// A larger number than that is cut down to it.
    public var guestsMax: Int?
    /// The folder of compiled modules; `nil` compiles anew in each process.
    ///
    /// Compiled code is machine code: nobody but the node's own user may be able to write there.
    public var cacheDirectory: String?
    /// The fuel after which a running guest lets others run.
    ///
    /// The default is about a millisecond of plain code.
    public var yieldInterval: UInt64

    /// Makes options.
    public init(
        guestsMax: Int? = nil, cacheDirectory: String? = nil, yieldInterval: UInt64 = 1_000_000
    ) {
        self.guestsMax = guestsMax
        self.cacheDirectory = cacheDirectory
        self.yieldInterval = max(1000, yieldInterval)
    }
}

/// The engine's one configuration. Every choice that changes what a guest computes is fixed.
enum EngineConfiguration {
    /// The version of libwasmtime that the header and the cache are for.
    static let engineVersion = "50.0.1"
    /// Names every choice below that changes compiled code: part of the cache key.
    static let fingerprint = "wasmtime-\(engineVersion) fuel pool-4g nan-canonical simd-strict v2"

    /// The most memory one guest may be given, in bytes: 4 GiB less one page.
    static let memorySizeMax = (4 << 30) - 65536
    /// The most elements one table may have.
    static let tableElementsMax = 1_000_000
    /// The stack of one call, in bytes: the wasm part, and all of it. Host functions run in the rest,
    /// below whatever the guest has used: decoding the deepest value takes megabytes in a debug build.
    static let wasmStackSize = 512 << 10
    static let fiberStackSize = wasmStackSize + (8 << 20)

    /// Memory mappings that a pooled guest can cost: its memory's parts and its fiber stack's.
    private static let mappingsPerGuest = 5
    /// Mappings left for everything that is not a guest.
    private static let mappingsReserved = 5000

    /// How many guests the kernel's limit on memory mappings allows.
    static func guestCeiling() -> Int {
        let text = SystemFile.read("/proc/sys/vm/max_map_count") ?? "65530"
        let digits = text.prefix { $0.isNumber }
        let mappings = Int(digits) ?? 65530
        // Beyond 20,000 slots of 4 GiB the address space itself ends.
        return min(20_000, max(16, (mappings - mappingsReserved) / mappingsPerGuest))
    }

    /// Makes an engine with room for that many guests.
    ///
    /// - Throws: `engine.instantiation` when the process has no such address space, where the library
    ///   itself would end the process.
    static func makeEngine(guestsMax: Int) throws(EngineError) -> OpaquePointer {
        try probeAddressSpace(guestsMax: guestsMax)
        let config = wasm_config_new()
        wasmtime_config_consume_fuel_set(config, true)
        wasmtime_config_epoch_interruption_set(config, false)
        wasmtime_config_concurrency_support_set(config, false)
        wasmtime_config_memory_init_cow_set(config, true)
        wasmtime_config_parallel_compilation_set(config, true)
        wasmtime_config_cranelift_opt_level_set(config, 1)
        // The same result on every machine, for every input.
        wasmtime_config_cranelift_nan_canonicalization_set(config, true)
        wasmtime_config_wasm_relaxed_simd_set(config, false)
        wasmtime_config_wasm_threads_set(config, false)
        wasmtime_config_wasm_memory64_set(config, false)
        wasmtime_config_wasm_multi_memory_set(config, true)
        wasmtime_config_max_wasm_stack_set(config, wasmStackSize)
        wasmtime_config_async_stack_size_set(config, fiberStackSize)
        wasmtime_config_memory_reservation_set(config, 4 << 30)

        let pool = wasmtime_pooling_allocation_config_new()
        let count = UInt32(clamping: guestsMax)
        wasmtime_pooling_allocation_config_total_core_instances_set(pool, count)
        // A composed actor has several memories and tables; few actors are composed.
        wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, 8)
        wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, 8)
        wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, 4 << 20)
        wasmtime_pooling_allocation_config_total_memories_set(pool, count + 64)
        wasmtime_pooling_allocation_config_total_tables_set(pool, count + 64)
        wasmtime_pooling_allocation_config_total_stacks_set(pool, count)
        wasmtime_pooling_allocation_config_max_memory_size_set(pool, memorySizeMax)
        wasmtime_pooling_allocation_config_table_elements_set(pool, tableElementsMax)
        wasmtime_pooling_allocation_strategy_set(config, pool)
        wasmtime_pooling_allocation_config_delete(pool)
        guard let engine = wasm_engine_new_with_config(config) else {
            throw EngineError(.instantiation, "libwasmtime refused the engine's configuration")
        }
        return engine
    }

    /// Reserves what the pool will reserve, and gives it back.
    private static func probeAddressSpace(guestsMax: Int) throws(EngineError) {
        // A memory's 4 GiB and the guard behind it, and the fibers' stacks and tables.
        let slot = (4 << 30) + (64 << 20)
        let size = (guestsMax + 64) * slot
        let place = mmap(nil, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let place, place != MAP_FAILED else {
            throw EngineError(
                .instantiation,
                "the process has no address space for \(guestsMax) actors (\(size >> 30) GiB): "
                    + "\(String(cString: strerror(errno))); raise its limit (ulimit -v), or give the "
                    + "node less room")
        }
        munmap(place, size)
    }
}

/// Small system files, read whole.
enum SystemFile {
    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let size = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer.prefix(size), as: UTF8.self)
    }
}
