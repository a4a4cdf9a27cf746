// SPDX-License-Identifier: Apache-2.0

extension Wire.Reader {
    /// A record whose fields are being read.
    public struct Fields {
        let record: StaticString
        let names: Wire.Payload
        let indices: UnsafeRawPointer
        let count: Int
        /// The field expected next, and where its name is: fields mostly come in order.
        var index = 0
        var next: Wire.Payload
    }

    /// Opens a record of exactly `count` fields. Its type name is not looked at.
    @export(interface)
    public func record(
        _ node: UInt32, _ name: StaticString, _ count: Int
    ) throws(Wire.Refusal) -> Fields {
        var payload = try open(node, Wire.Kind.record, "record")
        _ = payload.name()
        let found = payload.count(itemSize: 4)
        guard found == count else { throw wrongCount("fields", count, found) }
        let names = payload
        for _ in 0..<count { _ = payload.name() }
        guard payload.rest == 4 * count, !payload.isBroken else { throw malformed("record") }
        return Fields(
            record: name, names: names, indices: payload.at, count: count, next: names)
    }

    /// The node of one field, found by its name.
    @export(interface)
    public mutating func field(
        _ fields: inout Fields, _ name: StaticString
    ) throws(Wire.Refusal) -> UInt32 {
        place.record = fields.record
        place.field = name
        // At most one turn from the expected field round to it again.
        for _ in 0..<fields.count {
            if fields.index == fields.count {
                fields.index = 0
                fields.next = fields.names
            }
            let found = fields.next.name()
            let index = fields.index
            fields.index += 1
            if same(found, name) {
                return fields.indices.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            }
        }
        var message = message()
        message.add("is missing")
        throw Wire.Refusal(message)
    }

    private func same(_ found: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard found.count == name.utf8CodeUnitCount else { return false }
        for index in 0..<found.count where found[index] != name.utf8Start[index] { return false }
        return true
    }

    /// A variant that is being read.
    public struct Case {
        /// Which case it is, by position.
        public let tag: UInt32
        let payload: Children
    }

    /// Opens a variant. Its names are not looked at.
    @export(interface)
    public func variant(_ node: UInt32) throws(Wire.Refusal) -> Case {
        var payload = try open(node, Wire.Kind.variant, "variant")
        _ = payload.name()
        _ = payload.name()
        let tag = payload.number()
        let items = payload.children()
        guard payload.isDone else { throw malformed("variant") }
        return Case(tag: tag, payload: items)
    }

    /// The node that a case carries.
    @export(interface)
    public func payload(_ variant: Case, _ name: StaticString) throws(Wire.Refusal) -> UInt32 {
        guard variant.payload.count == 1 else {
            throw wrongCount(name, 1, variant.payload.count)
        }
        return child(variant.payload, 0)
    }

    /// Checks that a case carries nothing.
    @export(interface)
    public func empty(_ variant: Case, _ name: StaticString) throws(Wire.Refusal) {
        guard variant.payload.count == 0 else {
            throw wrongCount(name, 0, variant.payload.count)
        }
    }

    /// The error for a case that the type does not have.
    @export(interface)
    public func unknownCase(_ variant: Case, _ name: StaticString) -> Wire.Refusal {
        var message = message()
        message.add("expected a case of '")
        message.add(name)
        message.add("', got case number ")
        message.add(Int(truncatingIfNeeded: variant.tag))
        return Wire.Refusal(message)
    }

    /// Opens an option.
    ///
    /// - Returns: the node inside, or `nil` for none.
    @export(interface)
    public func option(_ node: UInt32) throws(Wire.Refusal) -> UInt32? {
        var payload = try open(node, Wire.Kind.option, "option")
        payload.skipType()
        let isPresent = payload.byte() == 1
        let inner = isPresent ? payload.number() : 0
        guard payload.isDone else { throw malformed("option") }
        return isPresent ? inner : nil
    }

    /// Opens a result, or a variant that stands for one.
    @export(interface)
    public func result(_ node: UInt32) throws(Wire.Refusal) -> (isOK: Bool, node: UInt32) {
        if node < nodeCount, kind(node) == Wire.Kind.variant {
            let variant = try variant(node)
            return (variant.tag == 0, try payload(variant, "result values"))
        }
        var payload = try open(node, Wire.Kind.result, "result")
        payload.skipType()
        payload.skipType()
        let tag = payload.number()
        let hasPayload = payload.byte() == 1
        let inner = payload.number()
        guard hasPayload, payload.isDone else { throw malformed("result") }
        return (tag == 0, inner)
    }

    /// The arguments of a call.
    public struct Arguments {
        let children: Children
        let bare: UInt32
    }

    /// Opens the arguments of an export with `count` parameters.
    ///
    /// One parameter comes bare or in a tuple of one; several come in a tuple, which may hold more.
    ///
    /// - Parameter isTuple: whether the only parameter is itself a tuple, which is unwrapped only
    ///   when another tuple is inside.
    @export(interface)
    public func arguments(
        _ count: Int, isTuple: Bool = false
    ) throws(Wire.Refusal) -> Arguments {
        let bare = Arguments(children: Children(start: base, count: 0), bare: root)
        guard kind(root) == Wire.Kind.tuple else {
            if count == 1 { return bare }
            throw Wire.Refusal(literal: "expected tuple of parameters")
        }
        var payload = payload(root)
        let items = payload.children()
        guard payload.isDone else { throw malformed("tuple") }
        if count == 1 {
            let inner = child(items, 0)
            let isWrapped =
                items.count == 1
                && !(isTuple && inner < nodeCount && kind(inner) != Wire.Kind.tuple)
            return isWrapped ? Arguments(children: bare.children, bare: inner) : bare
        }
        guard items.count >= count else {
            throw Wire.Refusal(literal: "missing parameter in tuple")
        }
        return Arguments(children: items, bare: 0)
    }

    /// The node of one argument.
    @export(interface)
    public mutating func argument(
        _ arguments: Arguments, _ index: Int, _ name: StaticString
    ) -> UInt32 {
        place = Place(parameter: name)
        return arguments.children.count == 0 ? arguments.bare : child(arguments.children, index)
    }
}
