// SPDX-License-Identifier: Apache-2.0

/// What an actor is started with: `initial_state` of the manifest, or what its parent passed.
///
/// It may be any value and is decoded when it is asked for, so that an actor which does not need it
/// does not carry the code for it either.
public struct Argument: Sendable {
    private let buffer: [UInt8]
    private let node: UInt32

    init(_ buffer: UnsafeRawBufferPointer, _ node: UInt32) {
        self.buffer = Array(buffer)
        self.node = node
    }

    /// The text, if the argument is a text or an option with one.
    public var text: String? {
        @export(interface) get {
            read { (r: inout Wire.Reader, n) throws(Wire.Refusal) in try r.string(n) }
        }
    }

    /// The bytes, if the argument is a list of bytes or an option with one.
    public var bytes: [UInt8]? {
        @export(interface) get {
            read { (r: inout Wire.Reader, n) throws(Wire.Refusal) in try r.bytes(n) }
        }
    }

    /// The argument, whatever it is.
    public func value() throws(Failure) -> Value {
        let value = read { (r: inout Wire.Reader, _) throws(Wire.Refusal) in
            try r.value(node)
        }
        guard let value else { throw Failure("the argument nests too deep or is damaged") }
        return value
    }

    private func read<Item>(
        _ body: (inout Wire.Reader, UInt32) throws(Wire.Refusal) -> Item
    ) -> Item? {
        buffer.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress,
                var reader = try? Wire.Reader(base, size: buffer.count)
            else { return nil }
            let inner = (try? reader.option(node)) ?? node
            return try? body(&reader, inner)
        }
    }
}

extension Wire.Reader {
    /// Takes a node as an argument that is decoded later.
    @export(interface) public func argument(_ node: UInt32) -> Argument {
        Argument(UnsafeRawBufferPointer(start: base, count: size), node)
    }
}
