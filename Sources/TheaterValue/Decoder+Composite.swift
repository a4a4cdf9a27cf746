// SPDX-License-Identifier: Apache-2.0

extension CGRF.Decoder {
    /// A node with children, checked but not yet built.
    struct Composite {
        /// What the node is, with the annotations that are needed once its children are there.
        enum Shape {
            case tuple
            case list(ValueType)
            case option(ValueType)
            case result(ok: ValueType, err: ValueType, isOk: Bool)
            /// The names are read again, from this offset, when the record is built.
            case record(names: Int)
            case variant(String, String, tag: UInt32)
        }

        let shape: Shape
        /// Where the payload begins.
        let start: Int
        /// Where the child indices begin; there are `count` of them, all within the view.
        let indices: Int
        let count: Int
    }

    /// Reads everything about a node but its children.
    ///
    /// The kind byte is one of those for which `leaf` answers `nil`. `start` and `end` bound the
    /// payload, which lies within the view.
    @inline(never)
    mutating func composite(
        kind: UInt8, _ start: Int, _ end: Int
    ) throws(CGRFError) -> Composite {
        var at = start
        let shape: Composite.Shape
        var count: Int
        switch CGRF.Kind(rawValue: kind) {
        case .tuple:
            shape = .tuple
            count = try sequence(&at, end, width: 4)
        case .list:
            let type = try annotation(&at, end, depth: 1)
            if case .primitive = type { throw error(.notPacked, at: start) }
            shape = .list(type)
            count = try sequence(&at, end, width: 4)
        case .option:
            shape = .option(try annotation(&at, end, depth: 1))
            count = try byte(&at, end) == 1 ? 1 : 0
        case .result:
            let ok = try annotation(&at, end, depth: 1)
            let err = try annotation(&at, end, depth: 1)
            shape = .result(ok: ok, err: err, isOk: try number(&at, end) == 0)
            guard try byte(&at, end) == 1 else { throw error(.missingPayload, at: at - 1) }
            count = 1
        case .record:
            try skipName(&at, end)
            // A field takes at least the length of its name and an index.
            count = try sequence(&at, end, width: 8)
            shape = .record(names: at)
            for _ in 0..<count { try skipName(&at, end) }
        case .variant:
            let type = try name(&at, end)
            let label = try name(&at, end)
            shape = .variant(type, label, tag: try number(&at, end))
            count = try sequence(&at, end, width: 4)
        default:
            throw error(.badKind, at: start - 8, found: UInt64(kind))
        }
        // `count` is below a quarter of the payload size, so the product cannot overflow.
        guard end - at == 4 * count else { throw error(.badLength, at: at) }
        return Composite(shape: shape, start: start, indices: at, count: count)
    }

    /// Builds a node from its children, which are the topmost values of `stack` and leave it.
    ///
    /// When it throws, the children are still there.
    @inline(never)
    mutating func build(
        _ composite: Composite, from stack: inout CGRF.ValueStack
    ) throws(CGRFError) -> Value {
        switch composite.shape {
        case .tuple:
            return .tuple(stack.pop(composite.count))
        case .list(let type):
            return .list(type, stack.pop(composite.count))
        case .option(let type):
            return .option(type, composite.count == 0 ? nil : stack.pop())
        case .result(let ok, let err, let isOk):
            let inner = stack.pop()
            return .result(ok: ok, err: err, isOk ? .ok(inner) : .err(inner))
        case .record(let names):
            var at = composite.start
            let typeName = try name(&at, composite.indices)
            at = names
            var fields: [Value.Record.Field] = []
            fields.reserveCapacity(composite.count)
            for _ in 0..<composite.count {
                fields.append(.init(try name(&at, composite.indices), .bool(false)))
            }
            for index in fields.indices.reversed() { fields[index].value = stack.pop() }
            return .record(Value.Record(typeName, fields))
        case .variant(let type, let label, let tag):
            return .variant(
                Value.Variant(type, label, tag: tag, stack.pop(composite.count)))
        }
    }

    // MARK: Parts of a payload

    private mutating func byte(_ at: inout Int, _ end: Int) throws(CGRFError) -> UInt8 {
        guard end - at >= 1 else { throw error(.badLength, at: at) }
        defer { at += 1 }
        return view.u8(at)
    }

    private mutating func number(_ at: inout Int, _ end: Int) throws(CGRFError) -> UInt32 {
        guard end - at >= 4 else { throw error(.badLength, at: at) }
        defer { at += 4 }
        return view.u32(at)
    }

    /// A count of items that take at least `width` bytes each of what remains.
    private mutating func sequence(_ at: inout Int, _ end: Int, width: Int) throws(CGRFError) -> Int
    {
        let count = try number(&at, end)
        let allowed = min(limits.sequenceMax, (end - at) / width)
        guard UInt(count) <= UInt(clamping: allowed) else {
            throw error(
                .sequenceTooLong, at: at - 4, found: UInt64(count),
                allowed: UInt64(clamping: allowed))
        }
        return Int(count)
    }

    private mutating func skipName(_ at: inout Int, _ end: Int) throws(CGRFError) {
        let size = try number(&at, end)
        guard UInt(size) <= UInt(end - at) else {
            throw error(
                .badLength, at: at - 4, found: UInt64(size), allowed: UInt64(clamping: end - at))
        }
        at += Int(size)
    }

    @inline(never)
    private mutating func name(_ at: inout Int, _ end: Int) throws(CGRFError) -> String {
        let start = at + 4
        try skipName(&at, end)
        return try text(start, at)
    }

    /// A type annotation.
    @inline(never)
    private mutating func annotation(
        _ at: inout Int, _ end: Int, depth: Int
    ) throws(CGRFError) -> ValueType {
        let tag = try byte(&at, end)
        guard types < limits.nodesMax else {
            throw error(
                .tooManyTypes, at: at - 1, found: UInt64(clamping: types) + 1,
                allowed: UInt64(clamping: limits.nodesMax))
        }
        types += 1
        guard depth <= limits.depthMax else {
            throw error(
                .tooDeep, at: at - 1, found: UInt64(clamping: depth),
                allowed: UInt64(clamping: limits.depthMax))
        }
        if let primitive = Primitive(rawValue: tag) { return .primitive(primitive) }
        switch CGRF.Kind(rawValue: tag) {
        case .string: return .string
        case .list: return .list(try annotation(&at, end, depth: depth + 1))
        case .option: return .option(try annotation(&at, end, depth: depth + 1))
        case .result:
            let ok = try annotation(&at, end, depth: depth + 1)
            return .result(ok, try annotation(&at, end, depth: depth + 1))
        case .record: return .record(try name(&at, end))
        case .variant: return .variant(try name(&at, end))
        case .tuple:
            let count = try sequence(&at, end, width: 1)
            var parts: [ValueType] = []
            parts.reserveCapacity(count)
            for _ in 0..<count {
                parts.append(try annotation(&at, end, depth: depth + 1))
            }
            return .tuple(parts)
        case .array, nil:
            throw error(.badType, at: at - 1, found: UInt64(tag))
        }
    }
}
