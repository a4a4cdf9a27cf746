// SPDX-License-Identifier: Apache-2.0

/// The function names in a module's `name` section, which a trap's backtrace shows.
///
/// The linker writes the compiler's mangled names of every function, the library's included: a
/// quarter of a small package. What is kept is the functions of the actor, the SDK and the C
/// runtime, as people write them.
enum FunctionNames {
    /// The most names that are kept.
    static let namesMax = 10_000
    /// The longest name that is kept, in bytes.
    static let nameSizeMax = 200

    /// A module with its function names replaced.
    ///
    /// - Parameters:
    ///   - wasm: a module as the linker writes it.
    ///   - readable: turns mangled names into readable ones, in the same order.
    static func rewrite(
        _ wasm: [UInt8], readable: ([String]) -> [String]
    ) throws(BuildError) -> [UInt8] {
        var reader = WasmReader(wasm)
        try reader.header()
        var out = Array(wasm.prefix(8))
        var names: [(index: UInt32, name: String)] = []
        while !reader.isAtEnd {
            let start = reader.offset
            let id = try reader.byte()
            let size = try reader.count(itemSize: 1)
            var section = try reader.slice(size)
            if id == 0, try section.name() == "name" {
                names = try functionNames(&section)
            } else {
                out += wasm[start..<reader.offset]
            }
        }
        let kept = names.filter { isKept($0.name) }.prefix(namesMax)
        let mangled = kept.map(\.name)
        let texts = readable(mangled)
        guard !kept.isEmpty, texts.count == kept.count else { return out }
        return out + section(zip(kept, texts).map { ($0.index, shortened($1)) })
    }

    private static func functionNames(
        _ section: inout WasmReader
    ) throws(BuildError) -> [(index: UInt32, name: String)] {
        var names: [(index: UInt32, name: String)] = []
        while !section.isAtEnd {
            let id = try section.byte()
            let size = try section.count(itemSize: 1)
            var part = try section.slice(size)
            guard id == 1 else { continue }
            let count = try part.count(itemSize: 2)
            for _ in 0..<count { names.append((try part.number(), try part.name())) }
        }
        return names
    }

    /// Whether a function is the actor's, the SDK's or the C runtime's.
    private static func isKept(_ name: String) -> Bool {
        if name.hasPrefix("$") {
            return name.contains("12TheaterActor") || name.contains("12TheaterGuest")
        }
        return !name.hasPrefix(".") && !name.hasPrefix("swift_")
    }

    /// A readable name without what is the same everywhere.
    private static func shortened(_ name: String) -> String {
        var name = Substring(name)
        for prefix in ["specialized ", "static "] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        while name.utf8.count > nameSizeMax { name = name.dropLast() }
        return String(name)
    }

    /// A `name` section with function names alone.
    private static func section(_ names: [(index: UInt32, name: String)]) -> [UInt8] {
        var list = leb(names.count)
        for (index, name) in names {
            list += leb(Int(index)) + leb(name.utf8.count) + Array(name.utf8)
        }
        let content = [4] + Array("name".utf8) + [1] + leb(list.count) + list
        return [0] + leb(content.count) + content
    }

    private static func leb(_ number: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = UInt32(clamping: number)
        repeat {
            let part = UInt8(truncatingIfNeeded: rest & 0x7F)
            rest >>= 7
            bytes.append(rest == 0 ? part : part | 0x80)
        } while rest > 0
        return bytes
    }
}
