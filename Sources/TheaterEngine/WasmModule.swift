// SPDX-License-Identifier: Apache-2.0

internal import CWasmtime

/// What a module imports or exports under one name.
public enum ExternType: Sendable, Hashable {
    /// A function with its parameter and result types in the text form, such as `i32`.
    case function(parameters: [String], results: [String])
    /// A global.
    case global
    /// A table.
    case table
    /// A linear memory.
    case memory
    /// Something else.
    case other

    /// The one type of exported and imported functions: `(in, length, slot, slot) -> status`.
    public static let actorFunction = ExternType.function(
        parameters: ["i32", "i32", "i32", "i32"], results: ["i32"])
}

extension ExternType: CustomStringConvertible {
    /// The type as in the text form, such as `func (i32, i32) -> i32`.
    public var description: String {
        switch self {
        case .function(let parameters, let results):
            "func (\(parameters.joined(separator: ", ")))"
                + (results.isEmpty ? "" : " -> \(results.joined(separator: ", "))")
        case .global: "global"
        case .table: "table"
        case .memory: "memory"
        case .other: "tag"
        }
    }
}

/// A compiled module. Safe to share between guests and threads.
public final class WasmModule: @unchecked Sendable {
    /// One import.
    public struct Import: Sendable, Hashable {
        /// The module part: the interface's name.
        public let module: String
        /// The name part: the function's name.
        public let name: String
        /// What the module wants there.
        public let type: ExternType
    }

    /// One export.
    public struct Export: Sendable, Hashable {
        /// The name.
        public let name: String
        /// What the module offers.
        public let type: ExternType
    }

    // SAFETY: the object is an atomically counted reference and immutable.
    let pointer: OpaquePointer
    let engine: EngineHandle
    /// The SHA-256 of the wasm, in hex.
    public let digest: String
    /// The size of the wasm in bytes.
    public let size: Int
    /// The imports in the module's order.
    public let imports: [Import]
    /// The exports in the module's order.
    public let exports: [Export]
    private let exportIndex: [String: Int]
    /// How an image of a guest is taken.
    public let imagePlan: ImagePlan

    init(
        _ pointer: OpaquePointer, engine: EngineHandle, digest: String, size: Int, plan: ImagePlan
    ) {
        imagePlan = plan
        self.pointer = pointer
        self.engine = engine
        self.digest = digest
        self.size = size
        imports = Self.imports(of: pointer)
        // Those that the images need are nobody else's.
        exports = Self.exports(of: pointer).filter { !plan.names($0.name) }
        exportIndex = Dictionary(
            exports.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    deinit { wasmtime_module_delete(pointer) }

    /// The position of an exported function of the actor convention; `nil` when there is none.
    public func function(named name: String) -> Int? {
        guard let index = exportIndex[name], exports[index].type == .actorFunction else {
            return nil
        }
        return index
    }

    /// What is exported under a name.
    public func export(named name: String) -> ExternType? {
        exportIndex[name].map { exports[$0].type }
    }

    /// The names of the functions a caller may call, sorted.
    public var functionNames: [String] {
        exports.lazy.filter { $0.type == .actorFunction }.map(\.name).sorted()
    }

    /// Checks what every actor must export: its memory, its allocator and its metadata.
    ///
    /// - Throws: `engine.missing-export`, naming the export and what it should be.
    public func checkConvention() throws(EngineError) {
        let required: [(String, ExternType)] = [
            ("memory", .memory),
            ("__pack_alloc", .function(parameters: ["i32"], results: ["i32"])),
            ("__pack_free", .function(parameters: ["i32", "i32"], results: [])),
            ("__pack_types", .function(parameters: ["i32", "i32"], results: ["i32"])),
        ]
        for (name, type) in required {
            guard let found = export(named: name) else {
                throw EngineError(
                    .missingExport,
                    "the module does not export '\(name)' (\(type)), which every actor must; build "
                        + "it with theater build, or with packr 0.2 or later")
            }
            guard found == type else {
                throw EngineError(
                    .missingExport,
                    "the module exports '\(name)' as \(found), but an actor exports it as \(type)")
            }
        }
        if let constructors = export(named: "__wasm_call_ctors"),
            constructors != .function(parameters: [], results: [])
        {
            throw EngineError(
                .missingExport,
                "the module exports '__wasm_call_ctors' as \(constructors); it must be func ()")
        }
    }

    private static func text(_ name: UnsafePointer<wasm_name_t>) -> String {
        guard let data = name.pointee.data else { return "" }
        return String(
            decoding: UnsafeBufferPointer(start: data, count: name.pointee.size), as: UTF8.self)
    }

    private static func type(_ type: OpaquePointer) -> ExternType {
        switch wasm_externtype_kind(type) {
        case 0:
            guard let function = wasm_externtype_as_functype_const(type) else { return .other }
            return .function(
                parameters: names(wasm_functype_params(function).pointee),
                results: names(wasm_functype_results(function).pointee))
        case 1: return .global
        case 2: return .table
        case 3: return .memory
        default: return .other
        }
    }

    private static func names(_ types: wasm_valtype_vec_t) -> [String] {
        guard let data = types.data else { return [] }
        return UnsafeBufferPointer(start: data, count: types.size).map { type in
            switch type.map({ wasm_valtype_kind($0) }) {
            case 0: "i32"
            case 1: "i64"
            case 2: "f32"
            case 3: "f64"
            case 4: "v128"
            default: "ref"
            }
        }
    }

    private static func imports(of module: OpaquePointer) -> [Import] {
        var vector = wasm_importtype_vec_t()
        wasmtime_module_imports(module, &vector)
        defer { wasm_importtype_vec_delete(&vector) }
        guard let data = vector.data else { return [] }
        return UnsafeBufferPointer(start: data, count: vector.size).compactMap { item in
            guard let item else { return nil }
            return Import(
                module: text(wasm_importtype_module(item)), name: text(wasm_importtype_name(item)),
                type: type(wasm_importtype_type(item)))
        }
    }

    private static func exports(of module: OpaquePointer) -> [Export] {
        var vector = wasm_exporttype_vec_t()
        wasmtime_module_exports(module, &vector)
        defer { wasm_exporttype_vec_delete(&vector) }
        guard let data = vector.data else { return [] }
        return UnsafeBufferPointer(start: data, count: vector.size).compactMap { item in
            guard let item else { return nil }
            return Export(
                name: text(wasm_exporttype_name(item)), type: type(wasm_exporttype_type(item)))
        }
    }
}
