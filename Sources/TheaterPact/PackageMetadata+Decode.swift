// SPDX-License-Identifier: Apache-2.0
public import TheaterValue

extension PackageMetadata {
    /// The bounds on a metadata buffer: 16 MiB, a million nodes, 256 levels.
    static var limits: CGRF.Limits {
        var limits = CGRF.Limits()
        limits.bufferMax = 1 << 24
        limits.nodesMax = 1_000_000
        limits.depthMax = 256
        return limits
    }

    /// Decodes what `__pack_types` of a guest gives.
    ///
    /// Reads by field name and by tag, so it accepts metadata as guests write it and as a composer
    /// writes it again. Type names, case names and further fields are ignored.
    ///
    /// - Throws: `pact.bad-metadata` that names the part that is wrong.
    public init(decoding bytes: [UInt8]) throws(PactError) {
        let value: Value
        do {
            value = try CGRF.decode(bytes, limits: Self.limits)
        } catch {
            throw PactError(
                .badMetadata, "the package's metadata is not a CGRF value: \(error)",
                remedy: "build the package again")
        }
        try self.init(value)
    }

    /// Reads metadata from its value.
    ///
    /// - Throws: `pact.bad-metadata` that names the part that is wrong.
    public init(_ value: Value) throws(PactError) {
        var reader = MetadataReader()
        self = try reader.metadata(value)
    }
}

/// Reads the parts of metadata; the path tells where it is.
private struct MetadataReader {
    private var path: [String] = []
    private var functionCount = 0

    mutating func metadata(_ value: Value) throws(PactError) -> PackageMetadata {
        let record = try record(value)
        return PackageMetadata(
            imports: try functions(record, "imports"), exports: try functions(record, "exports"),
            importHashes: try hashes(record, "import-hashes"),
            exportHashes: try hashes(record, "export-hashes"),
            typeParameters: try parameters(record))
    }

    // MARK: - Parts

    private mutating func functions(
        _ record: Value.Record, _ field: String
    ) throws(PactError) -> [FunctionSignature] {
        let list = try self.field(record, field)
        return try at(field) { (reader) throws(PactError) in
            let items = try reader.items(list)
            reader.functionCount += items.count
            guard reader.functionCount <= PactLimits.functionsMax else {
                throw reader.bad("has more than \(PactLimits.functionsMax) functions")
            }
            return try reader.each(items) { (reader, item) throws(PactError) in
                try reader.function(item)
            }
        }
    }

    private mutating func function(_ value: Value) throws(PactError) -> FunctionSignature {
        let record = try record(value)
        let interface = try text(record, "interface")
        let name = try text(record, "name")
        let (declared, answers) = (try field(record, "params"), try field(record, "results"))
        let parameters = try at("'\(name)'.params") { (reader) throws(PactError) in
            try reader.fields(declared)
        }
        let results = try at("'\(name)'.results") { (reader) throws(PactError) in
            try reader.types(answers)
        }
        return FunctionSignature(
            interface: interface, name: name, parameters: parameters, results: results)
    }

    /// A list of records with name and type.
    private mutating func fields(_ value: Value) throws(PactError) -> [TypeDescription.Field] {
        try each(try items(value)) { (reader, item) throws(PactError) in
            let record = try reader.record(item)
            let type = try reader.type(try reader.field(record, "type"))
            return .init(name: try reader.text(record, "name"), type: type)
        }
    }

    private mutating func types(_ value: Value) throws(PactError) -> [TypeDescription] {
        try each(try items(value)) { (reader, item) throws(PactError) in try reader.type(item) }
    }

    private mutating func hashes(
        _ record: Value.Record, _ field: String
    ) throws(PactError) -> [PackageMetadata.Hash] {
        guard let value = record.fields.first(where: { $0.name == field })?.value else { return [] }
        return try at(field) { (reader) throws(PactError) in
            try reader.each(try reader.items(value)) { (reader, item) throws(PactError) in
                let record = try reader.record(item)
                let hash = try reader.hash(try reader.field(record, "hash"))
                return .init(name: try reader.text(record, "name"), hash: hash)
            }
        }
    }

    private func hash(_ value: Value) throws(PactError) -> InterfaceHash {
        switch value {
        case .tuple(let items):
            let words = items.compactMap { if case .u64(let word) = $0 { word } else { nil } }
            if items.count == 4, words.count == 4 {
                return InterfaceHash(words[0], words[1], words[2], words[3])
            }
        case .array(let array) where array.element == .u8:
            if let hash = InterfaceHash(bytes: array.bytes) { return hash }
        default:
            break
        }
        throw bad("has a hash that is neither four u64 nor 32 bytes")
    }

    private mutating func parameters(
        _ record: Value.Record
    ) throws(PactError) -> [PactTypeParameter] {
        let field = record.fields.first { $0.name == "type-params" }
        guard let value = field?.value else { return [] }
        return try at("type-params") { (reader) throws(PactError) in
            try reader.each(try reader.items(value)) { (reader, item) throws(PactError) in
                let record = try reader.record(item)
                let name = try reader.text(record, "name")
                return .init(name: name, constraint: try reader.text(record, "constraint"))
            }
        }
    }

    // MARK: - Types

    private static let plain: [TypeDescription] = [
        .bool, .u8, .u16, .u32, .u64, .s8, .s16, .s32, .s64, .f32, .f64, .char, .string, .flags,
    ]

    /// A type by its tag. The nesting is bounded by that of the buffer.
    private mutating func type(_ value: Value) throws(PactError) -> TypeDescription {
        guard case .variant(let variant) = value else { throw bad("has a type that is no variant") }
        if variant.tag < Self.plain.count { return Self.plain[Int(variant.tag)] }
        switch variant.tag {
        case 14: return .list(try type(try payload(variant)))
        case 15: return .option(try type(try payload(variant)))
        case 16:
            let record = try record(try payload(variant))
            let ok = try type(try field(record, "ok"))
            return .result(ok: ok, err: try type(try field(record, "err")))
        case 17:
            let record = try record(try payload(variant))
            let fields = try fields(try field(record, "fields"))
            return .record(name: try text(record, "name"), fields)
        case 18:
            let record = try record(try payload(variant))
            let name = try text(record, "name")
            guard let list = record.fields.first(where: { $0.name == "cases" }) else {
                return .reference(name)
            }
            return .variant(name: name, try cases(list.value))
        case 19: return .tuple(try types(try payload(variant)))
        case 20: return .value
        case 21: return .unit
        default: throw bad("has a type with the unknown tag \(variant.tag)")
        }
    }

    private mutating func cases(_ value: Value) throws(PactError) -> [TypeDescription.Case] {
        try each(try items(value)) { (reader, item) throws(PactError) in
            let record = try reader.record(item)
            let name = try reader.text(record, "name")
            guard case .option(_, let inner) = try reader.field(record, "payload") else {
                throw reader.bad("has case '\(name)' whose payload is no option")
            }
            let payload = if let inner { try reader.type(inner) } else { TypeDescription?.none }
            return .init(name: name, payload: payload)
        }
    }

    private func payload(_ variant: Value.Variant) throws(PactError) -> Value {
        guard variant.payload.count == 1 else {
            throw bad("has a type of tag \(variant.tag) with \(variant.payload.count) payloads")
        }
        return variant.payload[0]
    }

    // MARK: - Values

    private func record(_ value: Value) throws(PactError) -> Value.Record {
        guard case .record(let record) = value else { throw bad("is no record") }
        return record
    }

    private func field(_ record: Value.Record, _ name: String) throws(PactError) -> Value {
        guard let field = record.fields.first(where: { $0.name == name }) else {
            throw bad("has no field '\(name)'")
        }
        return field.value
    }

    private func text(_ record: Value.Record, _ name: String) throws(PactError) -> String {
        guard case .string(let text) = try field(record, name) else {
            throw bad("has a field '\(name)' that is no string")
        }
        return text
    }

    /// The items of a list; what a composer writes for an empty one may be packed.
    private func items(_ value: Value) throws(PactError) -> [Value] {
        switch value {
        case .list(_, let items): return items
        case .array(let array) where array.count == 0: return []
        default: throw bad("is no list")
        }
    }

    private mutating func each<Result>(
        _ items: [Value],
        _ body: (inout MetadataReader, Value) throws(PactError) -> Result
    ) throws(PactError) -> [Result] {
        var results: [Result] = []
        for (index, item) in items.enumerated() {
            results.append(
                try at("\(index)") { (reader) throws(PactError) in try body(&reader, item) })
        }
        return results
    }

    private mutating func at<Result>(
        _ part: String, _ body: (inout MetadataReader) throws(PactError) -> Result
    ) throws(PactError) -> Result {
        path.append(part)
        defer { path.removeLast() }
        return try body(&self)
    }

    private func bad(_ problem: String) -> PactError {
        let place = path.isEmpty ? "" : " at \(path.joined(separator: "."))"
        return PactError(
            .badMetadata, "the package's metadata\(place) \(problem)",
            remedy: "build the package again")
    }
}
