// SPDX-License-Identifier: Apache-2.0
public import TheaterValue

extension PackageMetadata {
    /// The metadata as guests carry it: a CGRF buffer in the guest dialect.
    ///
    /// - Throws: `pact.bad-metadata` if the buffer would be more than ``init(decoding:)`` takes.
    public func encoded() throws(PactError) -> [UInt8] {
        do {
            return try CGRF.encode(value, limits: Self.limits)
        } catch {
            throw PactError(
                .badMetadata, "the metadata cannot be written: \(error)",
                remedy: "use fewer or flatter types")
        }
    }

    /// The metadata as a value, in the guest dialect.
    public var value: Value {
        var fields: [Value.Record.Field] = [
            .init("imports", Self.list(imports.map(\.value))),
            .init("exports", Self.list(exports.map(\.value))),
            .init("import-hashes", Self.list(importHashes.map(\.value))),
            .init("export-hashes", Self.list(exportHashes.map(\.value))),
        ]
        if !typeParameters.isEmpty {
            let parameters = typeParameters.map { parameter in
                Value.record(
                    .init(
                        "type-param",
                        [
                            .init("name", .string(parameter.name)),
                            .init("constraint", .string(parameter.constraint)),
                        ]))
            }
            fields.append(.init("type-params", Self.list(parameters)))
        }
        return .record(.init("package-metadata", fields))
    }

    /// A list of records; like guests do, the annotation leaves the record's name empty.
    fileprivate static func list(_ records: [Value]) -> Value { .list(.record(""), records) }
}

extension PackageMetadata.Hash {
    fileprivate var value: Value {
        .record(
            .init(
                "interface-hash",
                [
                    .init("name", .string(name)),
                    .init("hash", .tuple(hash.words.map { .u64($0) })),
                ]))
    }
}

extension FunctionSignature {
    fileprivate var value: Value {
        .record(
            .init(
                "function-sig",
                [
                    .init("interface", .string(interface)),
                    .init("name", .string(name)),
                    .init("params", PackageMetadata.list(parameters.map { $0.value("param-sig") })),
                    .init("results", .list(.variant(""), results.map(\.value))),
                ]))
    }
}

extension TypeDescription.Field {
    fileprivate func value(_ typeName: String) -> Value {
        .record(.init(typeName, [.init("name", .string(name)), .init("type", type.value)]))
    }
}

extension TypeDescription.Case {
    fileprivate var value: Value {
        .record(
            .init(
                "case-desc",
                [
                    .init("name", .string(name)),
                    .init("payload", .option(.variant(""), payload?.value)),
                ]))
    }
}

extension TypeDescription {
    /// The type as a `type-desc` variant.
    fileprivate var value: Value {
        switch self {
        case .bool: Self.variant("bool", 0)
        case .u8: Self.variant("u8", 1)
        case .u16: Self.variant("u16", 2)
        case .u32: Self.variant("u32", 3)
        case .u64: Self.variant("u64", 4)
        case .s8: Self.variant("s8", 5)
        case .s16: Self.variant("s16", 6)
        case .s32: Self.variant("s32", 7)
        case .s64: Self.variant("s64", 8)
        case .f32: Self.variant("f32", 9)
        case .f64: Self.variant("f64", 10)
        case .char: Self.variant("char", 11)
        case .string: Self.variant("string", 12)
        case .flags: Self.variant("flags", 13)
        case .list(let item): Self.variant("list", 14, item.value)
        case .option(let inner): Self.variant("option", 15, inner.value)
        case .result(let ok, let err):
            Self.variant(
                "result", 16,
                .record(.init("result-desc", [.init("ok", ok.value), .init("err", err.value)])))
        case .record(let name, let fields):
            Self.variant(
                "record", 17,
                .record(
                    .init(
                        "record-desc",
                        [
                            .init("name", .string(name)),
                            .init(
                                "fields",
                                PackageMetadata.list(fields.map { $0.value("field-desc") })),
                        ])))
        case .variant(let name, let cases):
            Self.variant(
                "variant", 18,
                .record(
                    .init(
                        "variant-desc",
                        [
                            .init("name", .string(name)),
                            .init("cases", PackageMetadata.list(cases.map(\.value))),
                        ])))
        case .reference(let name):
            Self.variant("ref", 18, .record(.init("TypeRef", [.init("name", .string(name))])))
        case .tuple(let items):
            Self.variant("tuple", 19, .list(.variant(""), items.map(\.value)))
        case .value: Self.variant("value", 20)
        case .unit: Self.variant("unit", 21)
        }
    }

    private static func variant(_ name: String, _ tag: UInt32, _ payload: Value...) -> Value {
        .variant(.init("type-desc", name, tag: tag, payload))
    }
}
