// SPDX-License-Identifier: Apache-2.0

extension Wire.Reader {
    @inline(never)
    private func scalar<Number: FixedWidthInteger>(
        _ node: UInt32, _ kind: UInt8, _ type: Number.Type
    ) throws(Wire.Refusal) -> Number {
        let name = Wire.Kind.name(kind)
        let payload = try open(node, kind, name)
        guard payload.rest == Number.bitWidth / 8 else { throw malformed(name) }
        return payload.at.loadUnaligned(as: type)
    }

    /// Reads a truth value.
    @export(interface) public func bool(_ node: UInt32) throws(Wire.Refusal) -> Bool {
        try scalar(node, Wire.Kind.bool, UInt8.self) != 0
    }
    /// Reads an unsigned 8-bit integer.
    @export(interface) public func u8(_ node: UInt32) throws(Wire.Refusal) -> UInt8 {
        try scalar(node, Wire.Kind.u8, UInt8.self)
    }
    /// Reads an unsigned 16-bit integer.
    @export(interface) public func u16(_ node: UInt32) throws(Wire.Refusal) -> UInt16 {
        try scalar(node, Wire.Kind.u16, UInt16.self)
    }
    /// Reads an unsigned 32-bit integer.
    @export(interface) public func u32(_ node: UInt32) throws(Wire.Refusal) -> UInt32 {
        try scalar(node, Wire.Kind.u32, UInt32.self)
    }
    /// Reads an unsigned 64-bit integer.
    @export(interface) public func u64(_ node: UInt32) throws(Wire.Refusal) -> UInt64 {
        try scalar(node, Wire.Kind.u64, UInt64.self)
    }
    /// Reads a signed 8-bit integer.
    @export(interface) public func s8(_ node: UInt32) throws(Wire.Refusal) -> Int8 {
        try scalar(node, Wire.Kind.s8, Int8.self)
    }
    /// Reads a signed 16-bit integer.
    @export(interface) public func s16(_ node: UInt32) throws(Wire.Refusal) -> Int16 {
        try scalar(node, Wire.Kind.s16, Int16.self)
    }
    /// Reads a signed 32-bit integer.
    @export(interface) public func s32(_ node: UInt32) throws(Wire.Refusal) -> Int32 {
        try scalar(node, Wire.Kind.s32, Int32.self)
    }
    /// Reads a signed 64-bit integer.
    @export(interface) public func s64(_ node: UInt32) throws(Wire.Refusal) -> Int64 {
        try scalar(node, Wire.Kind.s64, Int64.self)
    }
    /// Reads a 32-bit floating-point number.
    @export(interface) public func f32(_ node: UInt32) throws(Wire.Refusal) -> Float {
        Float(bitPattern: try scalar(node, Wire.Kind.f32, UInt32.self))
    }
    /// Reads a 64-bit floating-point number.
    @export(interface) public func f64(_ node: UInt32) throws(Wire.Refusal) -> Double {
        Double(bitPattern: try scalar(node, Wire.Kind.f64, UInt64.self))
    }
    /// Reads a bit mask.
    @export(interface) public func flags(_ node: UInt32) throws(Wire.Refusal) -> UInt64 {
        try scalar(node, Wire.Kind.flags, UInt64.self)
    }
    /// Reads a Unicode scalar value.
    @export(interface) public func char(_ node: UInt32) throws(Wire.Refusal) -> Unicode.Scalar {
        let number = try scalar(node, Wire.Kind.char, UInt32.self)
        guard let scalar = Unicode.Scalar(number) else { throw malformed("char") }
        return scalar
    }

    /// Reads a text.
    @export(interface) public func string(_ node: UInt32) throws(Wire.Refusal) -> String {
        var payload = try open(node, Wire.Kind.string, "string")
        guard let text = text(payload.name()), payload.isDone else { throw malformed("string") }
        return text
    }

    /// Bytes as text, or `nil` if they are not UTF-8.
    @export(interface) func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        String(validating: bytes.bindMemory(to: UInt8.self), as: UTF8.self)
    }

    /// Reads the empty tuple.
    @export(interface) public func unit(_ node: UInt32) throws(Wire.Refusal) {
        _ = try tuple(node, 0)
    }
}
