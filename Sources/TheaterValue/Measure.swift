// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// The first pass of the encoder: checks a value against the rules and limits, and computes
    /// the exact size and node count of its encoding.
    ///
    /// The functions that recur are not inlined into each other: that bounds the stack they take
    /// and the size of guests.
    ///
    /// Values may share storage, so a small value can stand for a huge tree; every addition is
    /// checked, which also bounds the time.
    struct Measure {
        let limits: Limits
        private(set) var size = CGRF.headerSize
        private(set) var nodes = 0

        init(limits: Limits) {
            self.limits = limits.clamped
        }

        /// Adds a value and everything in it.
        ///
        /// Recurs once per level, so what needs room on the stack is done in other functions.
        @inline(never)
        mutating func visit(_ value: Value, depth: Int) throws(CGRFError) {
            try check(depth: depth)
            switch value {
            case .list(let type, let items): try visitList(type, items, depth: depth)
            case .tuple(let items): try visitTuple(items, depth: depth)
            case .option(let type, let inner): try visitOption(type, inner, depth: depth)
            case .result(let ok, let err, let inner):
                try visitResult(ok, err, inner, depth: depth)
            case .record(let record): try visitRecord(record, depth: depth)
            case .variant(let variant): try visitVariant(variant, depth: depth)
            default: try visitLeaf(value)
            }
        }

        @inline(never)
        private mutating func visitLeaf(_ value: Value) throws(CGRFError) {
            switch value {
            case .string(let text):
                var payload = 0
                try name(text, &payload)
                try close(payload: payload)
            case .array(let array):
                try visitPacked(count: array.count, element: array.element)
            default:
                try close(payload: value.primitive?.size ?? 0)
            }
        }

        @inline(never)
        private mutating func visitList(
            _ type: ValueType, _ items: [Value], depth: Int
        ) throws(CGRFError) {
            if case .primitive(let element) = type {
                for item in items where item.primitive != element {
                    throw CGRFError(.elementMismatch, at: nodes)
                }
                return try visitPacked(count: items.count, element: element)
            }
            var payload = 4
            try annotation(type, &payload, depth: 1)
            try visitAll(items, &payload, depth: depth)
        }

        @inline(never)
        private mutating func visitTuple(_ items: [Value], depth: Int) throws(CGRFError) {
            var payload = 4
            try visitAll(items, &payload, depth: depth)
        }

        @inline(never)
        private mutating func visitResult(
            _ ok: ValueType, _ err: ValueType, _ inner: Value.ResultPayload, depth: Int
        ) throws(CGRFError) {
            var payload = 9
            try annotation(ok, &payload, depth: 1)
            try annotation(err, &payload, depth: 1)
            switch inner {
            case .ok(let value), .err(let value): try visit(value, depth: depth + 1)
            }
            try close(payload: payload)
        }

        @inline(never)
        private mutating func visitVariant(
            _ variant: Value.Variant, depth: Int
        ) throws(CGRFError) {
            var payload = 8
            try name(variant.typeName, &payload)
            try name(variant.caseName, &payload)
            try visitAll(variant.payload, &payload, depth: depth)
        }

        private func check(depth: Int) throws(CGRFError) {
            guard depth <= limits.depthMax else {
                throw CGRFError(.tooDeep, at: nodes, size: depth, max: limits.depthMax)
            }
        }

        @inline(never)
        private mutating func visitAll(
            _ items: [Value], _ payload: inout Int, depth: Int
        ) throws(CGRFError) {
            try sequence(items.count, width: 4, &payload)
            for item in items { try visit(item, depth: depth + 1) }
            try close(payload: payload)
        }

        @inline(never)
        private mutating func visitPacked(count: Int, element: Primitive) throws(CGRFError) {
            var payload = 5
            try sequence(count, width: element.size, &payload)
            try close(payload: payload)
        }

        @inline(never)
        private mutating func visitOption(
            _ type: ValueType, _ inner: Value?, depth: Int
        ) throws(CGRFError) {
            var payload = 1
            try annotation(type, &payload, depth: 1)
            if let inner {
                try visit(inner, depth: depth + 1)
                try add(4, &payload)
            }
            try close(payload: payload)
        }

        @inline(never)
        private mutating func visitRecord(
            _ record: Value.Record, depth: Int
        ) throws(CGRFError) {
            var payload = 4
            try name(record.typeName, &payload)
            try sequence(record.fields.count, width: 4, &payload)
            for field in record.fields {
                try name(field.name, &payload)
                try visit(field.value, depth: depth + 1)
            }
            try close(payload: payload)
        }

        /// Ends one node: its payload is known.
        private mutating func close(payload: Int) throws(CGRFError) {
            // INVARIANT: `payload` is within the limit only if `add` has seen it; constants may
            // exceed a limit that a caller has lowered.
            guard payload <= limits.payloadMax else {
                throw CGRFError(
                    .payloadTooLarge, at: nodes, size: payload, max: limits.payloadMax)
            }
            guard nodes < limits.nodesMax else {
                throw CGRFError(
                    .tooManyNodes, at: nodes, size: nodes + 1, max: limits.nodesMax)
            }
            guard payload + CGRF.nodeHeaderSize <= limits.bufferMax - size else {
                throw CGRFError(.bufferTooLarge, at: nodes, size: size, max: limits.bufferMax)
            }
            size += payload + CGRF.nodeHeaderSize
            nodes += 1
        }

        private mutating func add(_ size: Int, _ payload: inout Int) throws(CGRFError) {
            guard size <= limits.payloadMax - payload else {
                throw CGRFError(.payloadTooLarge, at: nodes, size: size, max: limits.payloadMax)
            }
            payload += size
        }

        @inline(never)
        private mutating func name(_ text: String, _ payload: inout Int) throws(CGRFError) {
            try add(4, &payload)
            try add(text.byteCount, &payload)
        }

        private mutating func sequence(
            _ count: Int, width: Int, _ payload: inout Int
        ) throws(CGRFError) {
            guard count <= limits.sequenceMax else {
                throw CGRFError(.sequenceTooLong, at: nodes, size: count, max: limits.sequenceMax)
            }
            guard count <= limits.payloadMax / width else {
                throw CGRFError(.payloadTooLarge, at: nodes, size: count, max: limits.payloadMax)
            }
            try add(count * width, &payload)
        }

        @inline(never)
        private mutating func annotation(
            _ type: ValueType, _ payload: inout Int, depth: Int
        ) throws(CGRFError) {
            try check(depth: depth)
            try add(1, &payload)
            switch type {
            case .primitive, .string: break
            case .list(let inner), .option(let inner):
                try annotation(inner, &payload, depth: depth + 1)
            case .result(let ok, let err):
                try annotation(ok, &payload, depth: depth + 1)
                try annotation(err, &payload, depth: depth + 1)
            case .record(let text), .variant(let text):
                try name(text, &payload)
            case .tuple(let parts):
                try add(4, &payload)
                for part in parts { try annotation(part, &payload, depth: depth + 1) }
            }
        }
    }
}
