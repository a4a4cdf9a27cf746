// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// The host's buffer in the guest, and the guest's allocator.
extension Guest {
    /// How much of the buffer answers may use, at its end.
    static let answerSize: UInt32 = 1024
    private static let bufferSizeMin: UInt32 = 2048
    /// A buffer larger than this is given back after its call.
    private static let bufferSizeKept: UInt32 = 65536

    /// The largest buffer that is asked for off a fiber, on one slice of fuel.
    private static let bufferSizeNow: UInt32 = 65536

    /// Puts a call's input into the guest, if that takes no more than a slice of fuel.
    func placeNow(
        _ input: [UInt8], budget: CallBudget
    ) throws(EngineError) -> (slots: UInt32, input: UInt32)? {
        let needed = try neededSize(input)
        guard let buffer, buffer.size >= needed,
            buffer.size <= max(needed, Self.bufferSizeKept)
        else {
            guard buffer == nil, linked.isImmediate, needed <= Self.bufferSizeNow else {
                return nil
            }
            let size = max(Self.bufferSizeMin, needed)
            fuel(min(budget.fuel, engine.yieldInterval - 1))
            let address = UInt32(bitPattern: try callNow(allocate, size))
            return copyInput(input, try keep(address, size, for: input))
        }
        return copyInput(input, buffer)
    }

    /// Puts a call's input into the guest.
    func placeInput(
        _ input: [UInt8], budget: CallBudget
    ) async throws(EngineError) -> (slots: UInt32, input: UInt32) {
        let needed = try neededSize(input)
        if let buffer, buffer.size < needed || buffer.size > max(needed, Self.bufferSizeKept) {
            self.buffer = nil
            if try !free(buffer.address, buffer.size, budget: budget) { try await drive() }
        }
        if let buffer { return copyInput(input, buffer) }
        let size = max(Self.bufferSizeMin, needed)
        fuel(budget.fuel)
        frame.setArguments(size)
        if try !begin(allocate, arguments: 1, results: 1, budget) { try await drive() }
        return copyInput(input, try keep(UInt32(bitPattern: frame.result), size, for: input))
    }

    private func neededSize(_ input: [UInt8]) throws(EngineError) -> UInt32 {
        guard input.count <= 256 << 20 else {
            throw EngineError(
                .convention, "the argument has \(input.count) bytes; at most 256 MiB fit")
        }
        return 8 + UInt32(input.count) + Self.answerSize
    }

    /// Takes what the guest's allocator answered for the buffer.
    private func keep(
        _ address: UInt32, _ size: UInt32, for input: [UInt8]
    ) throws(EngineError) -> (address: UInt32, size: UInt32) {
        guard address != 0 else {
            throw EngineError(
                .convention,
                "the guest has no memory for an argument of \(input.count) bytes; raise memory "
                    + "under [limits]")
        }
        guard bytes(address, size) != nil else {
            throw EngineError(
                .convention,
                "'__pack_alloc' answered \(address) for \(size) bytes, which is outside its memory"
            )
        }
        buffer = (address, size)
        return (address, size)
    }

    private func copyInput(
        _ input: [UInt8], _ place: (address: UInt32, size: UInt32)
    ) -> (slots: UInt32, input: UInt32) {
        input.withUnsafeBytes { source in
            guard let base = source.baseAddress, let target = bytes(place.address, place.size)
            else {
                return
            }
            target.baseAddress?.advanced(by: 8).copyMemory(from: base, byteCount: source.count)
        }
        return (place.address, place.address + 8)
    }

    /// The part of the buffer that is left for answers while a call runs.
    func answerArea() -> (address: UInt32, size: UInt32)? {
        buffer.map { ($0.address + $0.size - Self.answerSize, Self.answerSize) }
    }

    /// Gives memory back to the guest's allocator.
    ///
    /// - Returns: whether that is over; otherwise ``drive()`` brings it to its end.
    func free(_ address: UInt32, _ size: UInt32, budget: CallBudget) throws(EngineError) -> Bool {
        guard address != 0, size != 0 else { return true }
        // Off a fiber the guest cannot yield: a fresh slice of fuel, smaller than the interval, ends
        // one that would.
        fuel(min(budget.fuel, engine.yieldInterval - 1))
        guard linked.isImmediate else {
            frame.setArguments(address, size)
            return try begin(release, arguments: 2, results: 0, budget)
        }
        try callNow(release, address, size)
        return true
    }

    /// Calls an export that does not suspend, on this stack.
    @discardableResult
    private func callNow(
        _ function: wasmtime_func_t, _ first: UInt32, _ second: UInt32 = 0
    ) throws(EngineError) -> Int32 {
        hostError = nil
        var function = function
        var trap: OpaquePointer?
        let values = frame.raw
        values[0].i32 = Int32(bitPattern: first)
        values[1].i32 = Int32(bitPattern: second)
        isReentrant = true
        let error = wasmtime_func_call_unchecked(context, &function, values, 4, &trap)
        isReentrant = false
        if let failure = Failures.callFailure(trap: trap, error: error) {
            if let hostError {
                throw EngineError(hostError.code, hostError.message, frames: failure.frames)
            }
            throw failure
        }
        return values[0].i32
    }

    /// Lets the guest allocate from inside an import. It may neither yield nor suspend there.
    func allocateNow(_ size: UInt32) -> UInt32? {
        let left = fuelLeft
        let slice = min(left, engine.yieldInterval - 1)
        yieldInterval(0)
        fuel(slice)
        let address = try? callNow(allocate, size)
        let used = slice - min(slice, fuelLeft)
        cutSlice(leaving: left - used)
        guard let address, address != 0, bytes(UInt32(bitPattern: address), size) != nil else {
            return nil
        }
        return UInt32(bitPattern: address)
    }
}
