// SPDX-License-Identifier: Apache-2.0

extension Wire {
    /// One node's payload, taken apart front to back.
    ///
    /// Taking more than there is yields zeros and marks the payload as broken, so that readers
    /// check once, at the end. Counts are never larger than what remains can hold.
    struct Payload {
        private(set) var at: UnsafeRawPointer
        private(set) var rest: Int
        private(set) var isBroken = false

        init(_ start: UnsafeRawPointer, _ size: Int) {
            at = start
            rest = size
        }

        /// Whether everything was taken and nothing was missing.
        var isDone: Bool { rest == 0 && !isBroken }

        /// Takes bytes.
        @export(interface) @inline(never)
        mutating func take(_ size: Int) -> UnsafeRawBufferPointer {
            guard size >= 0, size <= rest else {
                isBroken = true
                rest = 0
                return UnsafeRawBufferPointer(start: at, count: 0)
            }
            defer {
                at += size
                rest -= size
            }
            return UnsafeRawBufferPointer(start: at, count: size)
        }

        /// Takes a byte.
        @export(interface) @inline(never)
        mutating func byte() -> UInt8 {
            take(1).first ?? 0
        }

        /// Takes a number.
        @export(interface) @inline(never)
        mutating func number() -> UInt32 {
            let bytes = take(4)
            return bytes.count == 4 ? bytes.loadUnaligned(as: UInt32.self) : 0
        }

        /// Takes a count of items, each at least `itemSize` bytes.
        @export(interface) @inline(never)
        mutating func count(itemSize: Int) -> Int {
            let count = number()
            guard count <= UInt32(truncatingIfNeeded: rest / itemSize) else {
                isBroken = true
                return 0
            }
            return Int(count)
        }

        /// Takes a length-prefixed name.
        @export(interface) @inline(never)
        mutating func name() -> UnsafeRawBufferPointer {
            take(count(itemSize: 1))
        }

        /// Takes the indices of children with their count.
        @export(interface) @inline(never)
        mutating func children() -> Reader.Children {
            let count = count(itemSize: 4)
            return Reader.Children(start: take(4 * count).baseAddress ?? at, count: count)
        }

        /// Skips a type annotation, which says nothing that readers of Swift types need.
        @export(interface) @inline(never)
        mutating func skipType() {
            var pending = 1
            while pending > 0, !isBroken {
                pending -= 1
                switch byte() {
                case Kind.list, Kind.option: pending += 1
                case Kind.result: pending += 2
                case Kind.tuple: pending += count(itemSize: 1)
                case Kind.record, Kind.variant: _ = name()
                default: break
                }
            }
        }
    }
}
