// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// Finished values waiting for their parents.
    // SAFETY: the first `count` places are initialised and no others; pops are preceded by a
    // comparison with `count`.
    @safe struct ValueStack: ~Copyable {
        private var base: UnsafeMutablePointer<Value>
        private(set) var count = 0
        private var capacity: Int
        /// So many values are taken one by one.
        private static var fewMax: Int { 8 }

        init(capacity: Int) {
            self.capacity = max(capacity, 4)
            unsafe base = .allocate(capacity: self.capacity)
        }

        deinit {
            unsafe base.deinitialize(count: count)
            unsafe base.deallocate()
        }

        @inline(__always)
        mutating func push(_ value: consuming Value) {
            if count == capacity { grow() }
            unsafe (base + count).initialize(to: value)
            count += 1
        }

        /// Takes the last value.
        @inline(__always)
        mutating func pop() -> Value {
            precondition(count > 0)
            count -= 1
            return unsafe (base + count).move()
        }

        /// Takes the last `size` values, in the order in which they were pushed.
        @inline(__always)
        mutating func pop(_ size: Int) -> [Value] {
            precondition(size >= 0 && size <= count)
            guard size > 0 else { return [] }
            count -= size
            let first = unsafe base + count
            #if !hasFeature(Embedded)
            if size <= Self.fewMax {
                // What makes room without filling it looks its type up at each use.
                var items: [Value] = []
                items.reserveCapacity(size)
                for index in 0..<size { unsafe items.append((first + index).move()) }
                return items
            }
            #endif
            return unsafe [Value](unsafeUninitializedCapacity: size) { buffer, initialized in
                guard let target = buffer.baseAddress else { return }
                unsafe target.moveInitialize(from: first, count: size)
                initialized = size
            }
        }

        @inline(never)
        private mutating func grow() {
            let larger = UnsafeMutablePointer<Value>.allocate(capacity: capacity * 2)
            unsafe larger.moveInitialize(from: base, count: count)
            unsafe base.deallocate()
            unsafe base = larger
            capacity *= 2
        }
    }
}
