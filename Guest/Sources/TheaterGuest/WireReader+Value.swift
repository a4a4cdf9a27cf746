// SPDX-License-Identifier: Apache-2.0

extension Wire.Reader {
    /// How many parts a type annotation may have.
    private static let typePartsMax = 256

    /// Reads any value.
    ///
    /// Hosts write children before parents, so that one pass over the nodes builds them all.
    @export(interface) public func value(_ node: UInt32) throws(Wire.Refusal) -> Value {
        var finished: [Value] = []
        for index in 0...min(node, nodeCount - 1) {
            guard let value = value(index, finished) else { break }
            finished.append(value)
        }
        guard Int(clamping: node) < finished.count else { throw malformed("value") }
        return finished[Int(node)]
    }

    private func value(_ node: UInt32, _ finished: [Value]) -> Value? {
        var payload = payload(node)
        let kind = kind(node)
        if let primitive = Primitive(rawValue: kind) {
            let array = PackedArray(
                element: primitive, bytes: Array(payload.take(primitive.size)))
            return payload.isDone ? array?[checked: 0] : nil
        }
        let value: Value?
        switch kind {
        case Wire.Kind.string: value = text(payload.name()).map { .string($0) }
        case Wire.Kind.array:
            guard let element = Primitive(rawValue: payload.byte()) else { return nil }
            let count = payload.count(itemSize: element.size)
            value = PackedArray(
                element: element, bytes: Array(payload.take(count * element.size))
            ).map { .array($0) }
        case Wire.Kind.list:
            let type = type(&payload)
            guard let items = values(payload.children(), finished) else { return nil }
            // Elements of fixed width are always packed.
            if case .primitive = type, !items.isEmpty { return nil }
            value = .list(type, items)
        case Wire.Kind.tuple: value = values(payload.children(), finished).map { .tuple($0) }
        case Wire.Kind.option:
            let type = type(&payload)
            if payload.byte() == 1 {
                value = one(&payload, finished).map { .option(type, $0) }
            } else {
                value = .option(type, nil)
            }
        case Wire.Kind.result:
            let ok = type(&payload)
            let err = type(&payload)
            let isOK = payload.number() == 0
            _ = payload.byte()
            value = one(&payload, finished).map {
                .result(ok: ok, err: err, isOK ? .ok($0) : .err($0))
            }
        case Wire.Kind.variant:
            let typeName = name(&payload)
            let caseName = name(&payload)
            let tag = payload.number()
            value = values(payload.children(), finished).map {
                .variant(Value.Variant(typeName, caseName, tag: tag, $0))
            }
        case Wire.Kind.record:
            let typeName = name(&payload)
            let count = payload.count(itemSize: 4)
            var names: [String] = []
            for _ in 0..<count { names.append(name(&payload)) }
            let start = payload.take(4 * count).baseAddress ?? base
            guard !payload.isBroken,
                let items = values(Children(start: start, count: count), finished)
            else { return nil }
            var fields: [Value.Record.Field] = []
            for index in 0..<count { fields.append(.init(names[index], items[index])) }
            value = .record(Value.Record(typeName, fields))
        default: return nil
        }
        return payload.isDone ? value : nil
    }

    /// The finished values that a node is made of, or `nil` when one is missing.
    private func values(_ children: Children, _ finished: [Value]) -> [Value]? {
        var items: [Value] = []
        for index in 0..<children.count {
            let node = child(children, index)
            guard Int(clamping: node) < finished.count else { return nil }
            items.append(finished[Int(node)])
        }
        return items
    }

    /// The finished value that the next number names.
    private func one(_ payload: inout Wire.Payload, _ finished: [Value]) -> Value? {
        let node = payload.number()
        return Int(clamping: node) < finished.count ? finished[Int(node)] : nil
    }

    private func name(_ payload: inout Wire.Payload) -> String {
        text(payload.name()) ?? ""
    }

    private func type(_ payload: inout Wire.Payload) -> ValueType {
        var parts = Self.typePartsMax
        return type(&payload, &parts)
    }

    private func type(_ payload: inout Wire.Payload, _ parts: inout Int) -> ValueType {
        parts -= 1
        let code = parts > 0 ? payload.byte() : 0
        switch code {
        case Wire.Kind.list: return .list(type(&payload, &parts))
        case Wire.Kind.option: return .option(type(&payload, &parts))
        case Wire.Kind.result:
            let ok = type(&payload, &parts)
            return .result(ok, type(&payload, &parts))
        case Wire.Kind.record: return .record(name(&payload))
        case Wire.Kind.variant: return .variant(name(&payload))
        case Wire.Kind.tuple:
            var items: [ValueType] = []
            for _ in 0..<payload.count(itemSize: 1) { items.append(type(&payload, &parts)) }
            return .tuple(items)
        default:
            // Types are annotations: what is no type becomes one that means anything.
            return Primitive(rawValue: code).map { .primitive($0) } ?? .string
        }
    }
}
