// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime
internal import TheaterPlatform

/// The guest's exported memory, and the pages at its end that belong to the host.
struct GuestMemory {
    private var memory: wasmtime_memory_t
    /// The pages that the host grew for its answers, in bytes.
    private(set) var hostPages: Range<UInt32> = 0..<0

    init(_ memory: wasmtime_memory_t) { self.memory = memory }

    mutating func size(_ context: OpaquePointer) -> Int {
        wasmtime_memory_data_size(context, &memory)
    }

    mutating func bytes(_ context: OpaquePointer) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            start: wasmtime_memory_data(context, &memory),
            count: wasmtime_memory_data_size(context, &memory))
    }

    /// Grows the memory to a size.
    mutating func grow(to count: Int, _ context: OpaquePointer) -> Bool {
        let missing = count - size(context)
        guard missing > 0 else { return missing == 0 }
        var previous: UInt64 = 0
        guard let error = wasmtime_memory_grow(context, &memory, UInt64(missing / 65536), &previous)
        else { return size(context) == count }
        wasmtime_error_delete(error)
        return false
    }

    /// Takes pages as the host's, which it grew in another guest.
    mutating func take(hostPages pages: Range<UInt32>, _ count: Int) -> Bool {
        guard Int(pages.upperBound) <= count else { return false }
        hostPages = pages
        return true
    }

    /// Makes room for that many bytes in the host's pages, growing the memory when need be.
    ///
    /// - Returns: the address, or `nil` when the memory cannot grow.
    mutating func hostRoom(_ count: Int, _ context: OpaquePointer) -> UInt32? {
        if hostPages.count >= count { return hostPages.lowerBound }
        let end = size(context)
        // Pages at the very end are extended; otherwise the guest has grown since, and the host starts anew.
        let start =
            Int(hostPages.upperBound) == end && !hostPages.isEmpty ? Int(hostPages.lowerBound) : end
        let missing = count - (end - start)
        let pages = (missing + 65535) / 65536
        var previous: UInt64 = 0
        if let error = wasmtime_memory_grow(context, &memory, UInt64(pages), &previous) {
            wasmtime_error_delete(error)
            return nil
        }
        guard let low = UInt32(exactly: start), let high = UInt32(exactly: size(context)) else {
            return nil
        }
        hostPages = low..<high
        return low
    }
}

extension Guest {
    /// The bytes at an address, if all of them lie in the memory.
    func bytes(_ address: UInt32, _ size: UInt32) -> UnsafeMutableRawBufferPointer? {
        // A copy of the handle: its own place would be watched for the time of the call.
        guard var memory else { return nil }
        let all = memory.bytes(context)
        guard Int(address) + Int(size) <= all.count else { return nil }
        return UnsafeMutableRawBufferPointer(rebasing: all[Int(address)..<Int(address) + Int(size)])
    }

    /// The address and the size that the guest noted in the two slots at an address.
    func slots(at address: UInt32) throws(EngineError) -> (address: UInt32, size: UInt32) {
        guard let cells = bytes(address, 8) else {
            throw EngineError(.convention, "the slots at \(address) are outside the guest's memory")
        }
        func word(_ offset: Int) -> UInt32 {
            UInt32(littleEndian: cells.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        }
        return (word(0), word(4))
    }

    /// Copies an answer out of the guest.
    func copy(_ address: UInt32, _ size: UInt32) throws(EngineError) -> [UInt8] {
        guard size <= 256 << 20, let source = bytes(address, size) else {
            throw EngineError(
                .convention,
                "the guest answered with \(size) bytes at \(address), which is outside its memory of "
                    + "\(memorySize) bytes")
        }
        return [UInt8](source)
    }

    /// What a trampoline tells the engine.
    enum ImportResult {
        case status(Int32)
        case trap(EngineError)
        case suspend(HostWait)
    }

    /// Serves one call of an import.
    func answer(_ call: ImportCall, import index: Int, caller: OpaquePointer) -> ImportResult {
        if isReentrant {
            return .trap(
                EngineError(
                    .convention, "the guest called a host function from inside its allocator"))
        }
        if let reason = control.killedBecause { return .trap(reason) }
        if let deadline, deadline < control.world.now() { return .trap(Self.deadlineError) }
        if memory == nil {
            // The start function runs before the exports are known to the host.
            var item = wasmtime_extern_t()
            guard wasmtime_caller_export_get(caller, "memory", 6, &item),
                Int32(item.kind) == WASMTIME_EXTERN_MEMORY
            else { return .trap(EngineError(.convention, "the guest has no memory yet")) }
            memory = GuestMemory(item.of.memory)
        }
        let name = linked.module.imports[index]
        guard let input = bytes(call.input, call.inputSize) else {
            return .trap(
                EngineError(
                    .convention,
                    "the guest passed \(call.inputSize) bytes at \(call.input) to "
                        + "'\(name.module).\(name.name)', which is outside its memory of \(memorySize) bytes"
                ))
        }
        guard bytes(call.pointerSlot, 4) != nil, bytes(call.sizeSlot, 4) != nil else {
            return .trap(
                EngineError(
                    .convention,
                    "the guest wants the answer of '\(name.module).\(name.name)' noted at "
                        + "\(call.pointerSlot) and \(call.sizeSlot), outside its memory of \(memorySize) bytes"
                ))
        }
        switch host.answer(import: index, input: UnsafeRawBufferPointer(input)) {
        case .failure(let error): return .trap(error)
        case .later(let wait): return .suspend(wait)
        case .bytes(let answer):
            guard charge(input.count + answer.count) else { return .trap(Self.outOfFuel) }
            switch place(answer: answer, for: call) {
            case .success(let status): return .status(status)
            case .failure(let error): return .trap(error)
            }
        }
    }

    static let outOfFuel = EngineError(
        .outOfFuel,
        "the call used up its fuel in host calls; raise fuel_per_call under [limits] if it needs more"
    )

    /// Puts an answer where the guest can read it, and notes its place in the guest's slots.
    ///
    /// Small answers go into the buffer that the host has from the guest's allocator, others into pages
    /// that the host grows at the end of the memory: both stay the host's, so the status is 0, which guests
    /// of every age understand. Where the memory cannot grow, the guest's allocator provides and the
    /// status is 1: the buffer becomes the guest's.
    func place(answer: [UInt8], for call: ImportCall) -> Result<Int32, EngineError> {
        var status: Int32 = 0
        let address: UInt32
        if let area = answerArea(), answer.count <= Int(area.size) {
            address = area.address
        } else if let room = memory?.hostRoom(answer.count, context) {
            address = room
        } else if pending == nil, isResumed, let own = allocateNow(UInt32(clamping: answer.count)) {
            address = own
            status = 1
        } else {
            return .failure(
                EngineError(
                    .hostFunction,
                    "the guest's memory has no room for a host answer of \(answer.count) bytes; raise "
                        + "memory under [limits]"))
        }
        guard let target = bytes(address, UInt32(clamping: answer.count)),
            let pointerSlot = bytes(call.pointerSlot, 4), let sizeSlot = bytes(call.sizeSlot, 4)
        else {
            return .failure(EngineError(.convention, "the guest's memory changed under its answer"))
        }
        answer.withUnsafeBytes { source in target.copyMemory(from: source) }
        pointerSlot.storeBytes(of: address.littleEndian, as: UInt32.self)
        sizeSlot.storeBytes(of: UInt32(clamping: answer.count).littleEndian, as: UInt32.self)
        return .success(status)
    }
}
