// SPDX-License-Identifier: Apache-2.0

extension Wire {
    /// A CGRF buffer being written from Swift types.
    ///
    /// Works like a stack: a scalar puts one finished node on it, a composite takes as many
    /// finished nodes as it has parts off it and puts itself there. What is left at the end is
    /// the whole value. So children precede parents, as the reference encoder writes them.
    public struct Writer: ~Copyable {
        private var base: UnsafeMutableRawPointer
        private var capacity: Int
        private(set) var size = Wire.headerSize
        private var nodes: UInt32 = 0
        private var finished: [UInt32] = []
        private var isTaken = false

        @export(interface)
        init() {
            capacity = 256
            base = theater_acquire(256)
        }

        deinit { if !isTaken { theater_release(base) } }

        /// Completes the buffer and hands it over; `theater_release` takes it back.
        @export(interface)
        mutating func take() -> (UnsafeMutableRawPointer, Int) {
            base.storeBytes(of: Wire.magic, as: UInt32.self)
            base.storeBytes(of: UInt32(Wire.version), toByteOffset: 4, as: UInt32.self)
            base.storeBytes(of: nodes, toByteOffset: 8, as: UInt32.self)
            base.storeBytes(of: nodes - 1, toByteOffset: 12, as: UInt32.self)
            isTaken = true
            return (base, size)
        }

        // MARK: Bytes

        /// Makes room for `count` more bytes and returns where they go.
        @export(interface)
        private mutating func room(_ count: Int) -> UnsafeMutableRawPointer {
            if capacity - size < count {
                var larger = capacity
                while larger - size < count { larger *= 2 }
                let target = theater_acquire(larger)
                target.copyMemory(from: base, byteCount: size)
                theater_release(base)
                base = target
                capacity = larger
            }
            defer { size += count }
            return base + size
        }

        func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
            base.storeBytes(of: number, toByteOffset: offset, as: Number.self)
        }

        mutating func put<Number: FixedWidthInteger>(_ number: Number) {
            room(Number.bitWidth / 8).storeBytes(of: number, as: Number.self)
        }

        @export(interface)
        mutating func put(count: Int) {
            put(UInt32(truncatingIfNeeded: count))
        }

        @export(interface)
        mutating func put(_ start: UnsafeRawPointer, _ count: Int) {
            room(count).copyMemory(from: start, byteCount: count)
        }

        /// Appends a literal without its length.
        @export(interface)
        mutating func put(raw text: StaticString) {
            put(text.utf8Start, text.utf8CodeUnitCount)
        }

        /// Appends a name with its length.
        @export(interface)
        mutating func put(_ text: StaticString) {
            put(count: text.utf8CodeUnitCount)
            put(raw: text)
        }

        /// Appends a text with its length.
        @export(interface)
        mutating func put(_ text: String) {
            var text = text
            text.withUTF8 { bytes in
                put(count: bytes.count)
                if let start = bytes.baseAddress { put(start, bytes.count) }
            }
        }

        // MARK: Nodes

        /// Starts a node.
        ///
        /// - Returns: where it starts, for `end`.
        @export(interface)
        mutating func begin(_ kind: UInt8) -> Int {
            put(UInt32(kind))
            put(0 as UInt32)
            return size
        }

        /// Ends a node that `begin` started and puts it on the stack.
        @export(interface)
        mutating func end(_ start: Int) {
            put(UInt32(truncatingIfNeeded: size - start), at: start - 4)
            finished.append(nodes)
            nodes += 1
        }

        /// Takes the last `count` finished nodes off the stack and writes their indices.
        @export(interface)
        mutating func indices(_ count: Int) {
            let first = finished.count - count
            for position in first..<finished.count { put(finished[position]) }
            finished.removeLast(count)
        }

        @inline(never)
        mutating func scalar<Number: FixedWidthInteger>(_ kind: UInt8, _ number: Number) {
            let start = begin(kind)
            put(number)
            end(start)
        }
    }
}
