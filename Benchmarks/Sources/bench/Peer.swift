// SPDX-License-Identifier: Apache-2.0

import CPeer

/// The C program's side: one engine and one module.
final class Peer {
    private let pointer: OpaquePointer

    /// Compiles the wasm in an engine of its own.
    init(_ wasm: [UInt8], guestsMax: Int = 64) throws {
        guard let pointer = peer_new(wasm, wasm.count, UInt32(guestsMax)) else {
            throw Self.problem
        }
        self.pointer = pointer
    }

    deinit { peer_delete(pointer) }

    private static var problem: BenchError {
        BenchError("the C peer: " + String(cString: peer_problem()))
    }

    private static func check(_ spent: Int64, per count: Int) throws -> Double {
        guard spent >= 0 else { throw problem }
        return Double(spent) / Double(count)
    }

    /// Nanoseconds of one cycle: store, instance, call, drop.
    func cycle(_ function: String, _ input: [UInt8], count: Int, fiber: Bool) throws -> Double {
        let measure = fiber ? peer_cycle_fiber : peer_cycle
        return try Self.check(
            measure(pointer, function, input, input.count, UInt64(count)), per: count)
    }

    /// Nanoseconds of one call from the host.
    func call(_ function: String, _ input: [UInt8], count: Int, fiber: Bool) throws -> Double {
        let measure = fiber ? peer_call_fiber : peer_call
        return try Self.check(
            measure(pointer, function, input, input.count, UInt64(count)), per: count)
    }

    /// Nanoseconds of one call from the guest; the input says how many it makes.
    func hostCalls(_ function: String, _ input: [UInt8], count: Int) throws -> Double {
        try Self.check(peer_host_calls(pointer, function, input, input.count), per: count)
    }

    /// Keeps so many guests alive until the process ends. Nanoseconds of each.
    func hold(_ function: String, _ input: [UInt8], count: Int) throws -> Double {
        try Self.check(
            peer_hold(pointer, function, input, input.count, UInt64(count)), per: count)
    }

    /// Nanoseconds of copying so many bytes.
    static func copy(size: Int, count: Int) throws -> Double {
        try check(peer_copy(size, UInt64(count)), per: count)
    }

    /// Nanoseconds of each record of a file that is synced after each batch of bytes.
    static func stream(_ path: String, size: Int, count: Int, batch: Int) throws -> Double {
        try check(peer_disk_stream(path, size, UInt64(count), batch), per: count)
    }

    /// Nanoseconds of each record of writers that append to one log and wait for the disk, each for itself.
    static func commit(_ path: String, size: Int, writers: Int, each: Int) throws -> Double {
        try check(peer_disk_commit(path, size, writers, UInt64(each)), per: writers * each)
    }
}
