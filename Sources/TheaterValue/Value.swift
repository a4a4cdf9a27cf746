// SPDX-License-Identifier: Apache-2.0

/// One value that crosses a sandbox boundary.
///
/// The cases mirror the value model of the CGRF encoding. Annotations (element types, type and
/// case names) are kept because they are part of the bytes; they say nothing about what a value
/// is, and guests routinely write placeholders. Two values are equal when they have the same
/// bytes: floating-point numbers compare by bit pattern.
public enum Value: Sendable {
    /// A truth value.
    case bool(Bool)
    /// An unsigned 8-bit integer.
    case u8(UInt8)
    /// An unsigned 16-bit integer.
    case u16(UInt16)
    /// An unsigned 32-bit integer.
    case u32(UInt32)
    /// An unsigned 64-bit integer.
    case u64(UInt64)
    /// A signed 8-bit integer.
    case s8(Int8)
    /// A signed 16-bit integer.
    case s16(Int16)
    /// A signed 32-bit integer.
    case s32(Int32)
    /// A signed 64-bit integer.
    case s64(Int64)
    /// A 32-bit floating-point number, NaN payload included.
    case f32(Float)
    /// A 64-bit floating-point number, NaN payload included.
    case f64(Double)
    /// A Unicode scalar value.
    case char(Unicode.Scalar)
    /// UTF-8 text.
    case string(String)
    /// A set of named bits; the names are not on the wire.
    case flags(UInt64)
    /// A list whose elements are of one fixed-width primitive, stored packed.
    case array(PackedArray)
    /// Any other list: element type and items. The element type is never a fixed-width primitive.
    indirect case list(ValueType, [Value])
    /// An optional value: inner type and payload.
    indirect case option(ValueType, Value?)
    /// A result: ok type, error type and payload.
    indirect case result(ok: ValueType, err: ValueType, ResultPayload)
    /// Named fields in order.
    indirect case record(Record)
    /// One case of several.
    indirect case variant(Variant)
    /// Items in order; the empty tuple is unit.
    case tuple([Value])

    /// What a result carries.
    public enum ResultPayload: Sendable {
        /// Success.
        case ok(Value)
        /// Failure.
        case err(Value)
    }

    /// The fields of a record, in wire order.
    public struct Record: Sendable {
        /// One named field.
        public struct Field: Sendable {
            /// The field's name, as on the wire.
            public var name: String
            /// The field's value.
            public var value: Value

            /// Makes a field.
            public init(_ name: String, _ value: Value) {
                self.name = name
                self.value = value
            }
        }

        /// The record type's name: an annotation that may be empty.
        public var typeName: String
        /// The fields in order.
        public var fields: [Field]

        /// Makes a record.
        public init(_ typeName: String, _ fields: [Field]) {
            self.typeName = typeName
            self.fields = fields
        }
    }

    /// One case of a variant. The tag decides; the names are annotations.
    public struct Variant: Sendable {
        /// The variant type's name: an annotation that may be empty.
        public var typeName: String
        /// The case's name: an annotation that may be empty.
        public var caseName: String
        /// The case's position in its declaration.
        public var tag: UInt32
        /// Zero, one or several payload values.
        public var payload: [Value]

        /// Makes a variant value.
        public init(_ typeName: String, _ caseName: String, tag: UInt32, _ payload: [Value] = []) {
            self.typeName = typeName
            self.caseName = caseName
            self.tag = tag
            self.payload = payload
        }
    }

    /// The empty tuple.
    public static let unit = Value.tuple([])
}
