// SPDX-License-Identifier: Apache-2.0

/// What a WebAssembly module says about itself in its sections, without compiling it.
///
/// Reads core modules of the binary format, version 1. Every count is bounded by the bytes that
/// remain, so that no file makes reading it costly. Code is skipped.
public struct WasmSections: Sendable, Hashable {
    /// What an import or export is.
    public enum Kind: UInt8, Sendable, Hashable {
        /// A function.
        case function = 0
        /// A table.
        case table = 1
        /// A memory.
        case memory = 2
        /// A global.
        case global = 3
        /// An exception tag.
        case tag = 4
    }

    /// A function's type, as the bytes of its value types.
    public struct FunctionType: Sendable, Hashable {
        /// The parameters: 0x7F is i32, 0x7E i64, 0x7D f32, 0x7C f64.
        public var parameters: [UInt8]
        /// The results.
        public var results: [UInt8]

        /// Four 32-bit integers to one: the type of every call across the sandbox boundary.
        public static let call = FunctionType(
            parameters: [0x7F, 0x7F, 0x7F, 0x7F], results: [0x7F])
    }

    /// Something that the module needs.
    public struct Import: Sendable, Hashable {
        /// The module it is taken from: for host functions the interface.
        public var module: String
        /// Its name there.
        public var name: String
        /// What it is.
        public var kind: Kind
        /// The type, if it is a function.
        public var type: FunctionType?
    }

    /// Something that the module offers.
    public struct Export: Sendable, Hashable {
        /// Its name.
        public var name: String
        /// What it is.
        public var kind: Kind
        /// The type, if it is a function.
        public var type: FunctionType?
    }

    /// A memory's bounds, in pages of 64 KiB.
    public struct Memory: Sendable, Hashable {
        /// How many pages it starts with.
        public var pagesMin: UInt64
        /// How many pages it may grow to, if the module says.
        public var pagesMax: UInt64?
    }

    /// The imports in order.
    public internal(set) var imports: [Import] = []
    /// The exports in order.
    public internal(set) var exports: [Export] = []
    /// The memories, imported ones first.
    public internal(set) var memories: [Memory] = []
    /// The names of the custom sections in order.
    public internal(set) var customSections: [String] = []
    /// The bytes of the code section.
    public internal(set) var codeSize = 0
    /// The data segments' contents in order, as ranges of the file.
    public internal(set) var data: [Range<Int>] = []

    /// Whether functions have names, so that a trap can tell where it happened.
    public var hasNames: Bool { customSections.contains("name") }

    /// Reads a module.
    ///
    /// - Throws: `build.bad-wasm` with the offset where the file is wrong.
    public init(_ bytes: [UInt8]) throws(BuildError) {
        var reader = WasmReader(bytes)
        try reader.header()
        var functions = WasmFunctions()
        while !reader.isAtEnd {
            let id = try reader.byte()
            let size = try reader.count(itemSize: 1)
            var section = try reader.slice(size)
            switch id {
            case 0: customSections.append(try section.name())
            case 1: functions.types = try section.types()
            case 2: try readImports(&section, &functions)
            case 3: try functions.readDefined(&section)
            case 5: memories += try section.memories()
            case 7: try readExports(&section, functions)
            case 10: codeSize = size
            case 11: data = try section.segments()
            default: break
            }
        }
    }

    private mutating func readImports(
        _ section: inout WasmReader, _ functions: inout WasmFunctions
    ) throws(BuildError) {
        let count = try section.count(itemSize: 4)
        for _ in 0..<count {
            let module = try section.name()
            let name = try section.name()
            let kind = try section.kind()
            var type: FunctionType?
            switch kind {
            case .function:
                let index = try section.number()
                type = functions.type(index)
                functions.all.append(index)
            case .table:
                try section.skipReferenceType()
                _ = try section.limits()
            case .memory: memories.append(try section.limits())
            case .global: try section.skip(2)
            case .tag:
                try section.skip(1)
                _ = try section.number()
            }
            imports.append(Import(module: module, name: name, kind: kind, type: type))
        }
    }

    private mutating func readExports(
        _ section: inout WasmReader, _ functions: WasmFunctions
    ) throws(BuildError) {
        let count = try section.count(itemSize: 3)
        for _ in 0..<count {
            let name = try section.name()
            let kind = try section.kind()
            let index = try section.number()
            let type = kind == .function ? functions.typeOfFunction(index) : nil
            exports.append(Export(name: name, kind: kind, type: type))
        }
    }
}

/// The functions of a module and their types.
struct WasmFunctions {
    var types: [WasmSections.FunctionType] = []
    /// The type indices of all functions, imported ones first.
    var all: [UInt32] = []

    func type(_ index: UInt32) -> WasmSections.FunctionType? {
        Int(index) < types.count ? types[Int(index)] : nil
    }

    func typeOfFunction(_ index: UInt32) -> WasmSections.FunctionType? {
        Int(index) < all.count ? type(all[Int(index)]) : nil
    }

    mutating func readDefined(_ section: inout WasmReader) throws(BuildError) {
        let count = try section.count(itemSize: 1)
        for _ in 0..<count { all.append(try section.number()) }
    }
}
