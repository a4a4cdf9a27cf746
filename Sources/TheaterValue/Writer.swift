// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// The second pass of the encoder: writes what `measured` has measured.
    static func write(_ value: Value, measured: Measure) -> [UInt8] {
        #if !hasFeature(Embedded)
        if measured.size <= smallSizeMax {
            // What makes room without filling it looks its type up at each use; a small copy costs less.
            return unsafe withUnsafeTemporaryAllocation(
                of: UInt8.self, capacity: measured.size
            ) { buffer in
                guard let start = buffer.baseAddress else { return [] }
                unsafe fill(UnsafeMutableRawPointer(start), with: value, measured: measured)
                return unsafe [UInt8](UnsafeBufferPointer(buffer))
            }
        }
        #endif
        return unsafe [UInt8](unsafeUninitializedCapacity: measured.size) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            unsafe fill(UnsafeMutableRawPointer(start), with: value, measured: measured)
            count = measured.size
        }
    }

    /// What is written on the stack first, in bytes.
    private static var smallSizeMax: Int { 1024 }

    /// Writes all of a value to where `measured.size` bytes have room.
    @unsafe private static func fill(
        _ start: UnsafeMutableRawPointer, with value: Value, measured: Measure
    ) {
        unsafe withUnsafeTemporaryAllocation(
            of: UInt32.self, capacity: measured.nodes
        ) { pending in
            guard let slots = pending.baseAddress else { return }
            var writer = unsafe Writer(Output(start), pending: slots)
            writer.output.put(CGRF.magic)
            writer.output.put(CGRF.version)
            writer.output.put(0 as UInt16)
            writer.output.put(count: measured.nodes)
            writer.output.put(count: measured.nodes - 1)
            writer.node(value)
            precondition(writer.output.position == measured.size)
        }
    }

    /// Writes nodes in post-order.
    ///
    /// The indices of finished nodes wait on a stack until their parent is written: the last k
    /// of them are the children of a node with k children.
    // SAFETY: each node is pushed once, so the stack never outgrows the number of nodes.
    @safe private struct Writer {
        var output: Output
        private let pending: UnsafeMutablePointer<UInt32>
        private var pendingCount = 0
        private var nodes: UInt32 = 0

        @unsafe init(_ output: Output, pending: UnsafeMutablePointer<UInt32>) {
            self.output = output
            unsafe self.pending = pending
        }

        /// Writes a value and everything in it. Recurs once per level.
        @inline(never)
        mutating func node(_ value: Value) {
            switch value {
            case .list(let type, let items): list(type, items)
            case .tuple(let items): tuple(items)
            case .option(let type, let inner): option(type, inner)
            case .result(let ok, let err, let inner): result(ok, err, inner)
            case .record(let record): self.record(record)
            case .variant(let variant): self.variant(variant)
            default: leaf(value)
            }
            unsafe pending[pendingCount] = nodes
            pendingCount += 1
            nodes += 1
        }

        @inline(never)
        private mutating func leaf(_ value: Value) {
            switch value {
            case .string(let text):
                header(.string, payload: 4 + text.byteCount)
                output.put(text: text)
            case .array(let array):
                header(.array, payload: 5 + array.bytes.count)
                output.put(array.element.rawValue)
                output.put(count: array.count)
                output.put(bytes: array.bytes)
            default:
                guard let primitive = value.primitive else { return }
                header(primitive.rawValue, payload: primitive.size)
                output.scalar(value)
            }
        }

        @inline(never)
        private mutating func list(_ type: ValueType, _ items: [Value]) {
            if case .primitive(let element) = type { return packed(element, items) }
            for item in items { node(item) }
            let start = begin(.list)
            output.put(type: type)
            children(items.count)
            output.closePayload(from: start)
        }

        @inline(never)
        private mutating func packed(_ element: Primitive, _ items: [Value]) {
            header(.array, payload: 5 + items.count * element.size)
            output.put(element.rawValue)
            output.put(count: items.count)
            for item in items { output.scalar(item) }
        }

        @inline(never)
        private mutating func tuple(_ items: [Value]) {
            for item in items { node(item) }
            header(.tuple, payload: 4 + 4 * items.count)
            children(items.count)
        }

        @inline(never)
        private mutating func option(_ type: ValueType, _ inner: Value?) {
            if let inner { node(inner) }
            let start = begin(.option)
            output.put(type: type)
            output.put(inner == nil ? 0 : 1 as UInt8)
            if inner != nil { indices(1) }
            output.closePayload(from: start)
        }

        @inline(never)
        private mutating func variant(_ variant: Value.Variant) {
            for item in variant.payload { node(item) }
            let start = begin(.variant)
            output.put(text: variant.typeName)
            output.put(text: variant.caseName)
            output.put(variant.tag)
            children(variant.payload.count)
            output.closePayload(from: start)
        }

        @inline(never)
        private mutating func result(
            _ ok: ValueType, _ err: ValueType, _ inner: Value.ResultPayload
        ) {
            let tag: UInt32
            switch inner {
            case .ok(let value):
                node(value)
                tag = 0
            case .err(let value):
                node(value)
                tag = 1
            }
            let start = begin(.result)
            output.put(type: ok)
            output.put(type: err)
            output.put(tag)
            output.put(1 as UInt8)
            indices(1)
            output.closePayload(from: start)
        }

        @inline(never)
        private mutating func record(_ record: Value.Record) {
            for field in record.fields { node(field.value) }
            let start = begin(.record)
            output.put(text: record.typeName)
            output.put(count: record.fields.count)
            for field in record.fields { output.put(text: field.name) }
            indices(record.fields.count)
            output.closePayload(from: start)
        }

        @inline(__always) private mutating func header(_ kind: Kind, payload: Int) {
            header(kind.rawValue, payload: payload)
        }

        private mutating func header(_ kind: UInt8, payload: Int) {
            output.put(UInt32(kind))
            output.put(count: payload)
        }

        /// Writes a node header whose payload size is set by `closePayload`.
        ///
        /// - Returns: where the payload starts.
        private mutating func begin(_ kind: Kind) -> Int {
            header(kind, payload: 0)
            return output.position
        }

        /// Writes the number of children and their indices.
        private mutating func children(_ count: Int) {
            output.put(count: count)
            indices(count)
        }

        /// Writes the indices of the last `count` finished nodes, which wait no longer.
        private mutating func indices(_ count: Int) {
            pendingCount -= count
            for position in pendingCount..<pendingCount + count {
                unsafe output.put(pending[position])
            }
        }
    }
}
