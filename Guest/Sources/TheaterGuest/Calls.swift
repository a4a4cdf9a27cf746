// SPDX-License-Identifier: Apache-2.0

/// Memory that the host may free. Running out of it is a trap.
@_extern(c) func theater_acquire(_ size: Int) -> UnsafeMutableRawPointer
@_extern(c) func theater_release(_ pointer: UnsafeMutableRawPointer?)

extension Wire {
    /// Answers a call of an export.
    ///
    /// - Parameters:
    ///   - input: the address of the arguments, which stay the host's.
    ///   - size: the size of the arguments in bytes.
    ///   - slot: where the address of the answer goes.
    ///   - slotSize: where the size of the answer goes.
    ///   - body: reads the arguments and writes exactly one value.
    /// - Returns: 0 for an answer, -1 for a text that says why there is none. Either belongs to
    ///   the host, which frees it.
    @export(interface) public static func answer(
        _ input: UInt32, _ size: UInt32, _ slot: UInt32, _ slotSize: UInt32,
        _ body: (inout Reader, inout Writer) throws(Refusal) -> Void
    ) -> Int32 {
        do throws(Refusal) {
            guard let base = UnsafeRawPointer(bitPattern: UInt(input)), size <= Int32.max else {
                throw Refusal(literal: "decode error: not a CGRF buffer of version 2")
            }
            var reader = try Reader(base, size: Int(size))
            var writer = Writer()
            try body(&reader, &writer)
            let (answer, answerSize) = writer.take()
            store(answer, answerSize, slot, slotSize)
            return 0
        } catch {
            fail(error, slot, slotSize)
            return -1
        }
    }

    @export(interface) static func fail(_ error: Refusal, _ slot: UInt32, _ slotSize: UInt32) {
        let copy = theater_acquire(error.text.count)
        error.text.withUnsafeBytes { text in
            if let start = text.baseAddress {
                copy.copyMemory(from: start, byteCount: text.count)
            }
        }
        store(copy, error.text.count, slot, slotSize)
    }

    @export(interface) static func store(
        _ pointer: UnsafeMutableRawPointer, _ size: Int, _ slot: UInt32, _ slotSize: UInt32
    ) {
        let address = UInt32(truncatingIfNeeded: UInt(bitPattern: pointer))
        UnsafeMutableRawPointer(bitPattern: UInt(slot))?.storeBytes(of: address, as: UInt32.self)
        UnsafeMutableRawPointer(bitPattern: UInt(slotSize))?.storeBytes(
            of: UInt32(truncatingIfNeeded: size), as: UInt32.self)
    }

    /// What the host answered.
    public struct Reply: ~Copyable {
        private let base: UnsafeMutableRawPointer?
        private let size: UInt32
        private let isOwned: Bool

        init(base: UnsafeMutableRawPointer?, size: UInt32, isOwned: Bool) {
            self.base = base
            self.size = size
            self.isOwned = isOwned
        }

        deinit { if isOwned, size > 0 { theater_release(base) } }

        /// Reads the answer.
        public borrowing func read<Answer>(
            _ body: (inout Reader) throws(Refusal) -> Answer
        ) throws(Refusal) -> Answer {
            guard let base, size <= Int32.max else {
                throw Refusal(literal: "decode error: the host's answer is empty")
            }
            var reader = try Reader(base, size: Int(size))
            return try body(&reader)
        }

        /// Reads the answer of a function that may fail; an answer of another type is a failure.
        public borrowing func attempt<Answer>(
            _ body: (inout Reader) throws(Refusal) -> Answer
        ) throws(Failure) -> Answer {
            do throws(Refusal) {
                return try read(body)
            } catch {
                throw Failure(error.message)
            }
        }

        /// Reads the answer of a function that cannot fail; an answer of another type is a trap.
        public borrowing func require<Answer>(
            _ body: (inout Reader) throws(Refusal) -> Answer
        ) -> Answer {
            do throws(Refusal) {
                return try read(body)
            } catch {
                fatalError("the host's answer is not of the declared type")
            }
        }
    }

    /// Calls a host function.
    ///
    /// - Parameters:
    ///   - function: the import.
    ///   - arguments: writes exactly one value.
    /// - Returns: the answer. A host that has none traps before this returns; should one answer
    ///   with a negative status all the same, this traps.
    public static func call(
        _ function: (UInt32, UInt32, UInt32, UInt32) -> Int32,
        _ arguments: (inout Writer) -> Void
    ) -> Reply {
        var writer = Writer()
        arguments(&writer)
        let (input, size) = writer.take()
        var slots: (UInt32, UInt32) = (0, 0)
        let status = withUnsafeMutablePointer(to: &slots) { slots in
            let slot = UInt32(truncatingIfNeeded: UInt(bitPattern: slots))
            return function(
                UInt32(truncatingIfNeeded: UInt(bitPattern: input)),
                UInt32(truncatingIfNeeded: size), slot, slot + 4)
        }
        theater_release(input)
        guard status == 0 || status == 1 else { fatalError("the host refused a call") }
        return Reply(
            base: UnsafeMutableRawPointer(bitPattern: UInt(slots.0)), size: slots.1,
            isOwned: status == 1)
    }
}
