// SPDX-License-Identifier: Apache-2.0

/// How an image of a module's guests is taken: what they are beside their memory, and how to reach it.
///
/// The library reads exported globals only. So a module is compiled with further exports, one for each
/// global that can change; its digest, and everything that is said of it, is that of the bytes it came in.
public struct ImagePlan: Sendable, Hashable {
    /// Why no image holds all that a guest is; `nil` when one does.
    public private(set) var obstacle: String?
    /// The exports of the globals that can change, in their order.
    private(set) var globals: [String] = []

    /// What the names of the further exports begin with.
    static let prefix = "theater:image/global."

    /// Whether a name is one of the further exports.
    func names(_ name: String) -> Bool {
        !globals.isEmpty && name.hasPrefix(Self.prefix)
    }

    /// A plan that takes none.
    private init(obstacle: String) { self.obstacle = obstacle }

    private init() {}

    /// Looks into a module.
    ///
    /// - Returns: the plan, and the bytes to compile; those that were given when they are not understood.
    static func make(_ wasm: [UInt8]) -> (plan: ImagePlan, wasm: [UInt8]) {
        do throws(WasmBytes.Problem) {
            return try Layout(wasm).plan()
        } catch {
            return (
                ImagePlan(
                    obstacle: "it has instructions or sections that are not looked into"), wasm
            )
        }
    }

    /// The places of a module's parts.
    private struct Layout {
        let wasm: [UInt8]
        var importedGlobals = 0
        var memories = 0
        /// The defined globals that can change, by position, and whether the host can set them.
        var mutable: [(index: Int, isPlain: Bool)] = []
        /// Where the section of exports is, with its header, and where its entries begin.
        var exports: (section: Range<Int>, count: Int, entries: Range<Int>)?
        /// Where such a section would stand.
        var exportsPlace: Int?
        var changesTables = false
        var hasPrefix = false

        init(_ wasm: [UInt8]) throws(WasmBytes.Problem) {
            self.wasm = wasm
            var input = WasmBytes(wasm)
            try input.skip(8)
            while !input.isAtEnd {
                let start = input.place
                let id = try input.byte()
                let content = try input.piece()
                if exportsPlace == nil, id > 7, id != 13 { exportsPlace = start }
                var section = WasmBytes(wasm, content)
                switch id {
                case 2: try readImports(&section)
                case 5: try readMemories(&section)
                case 6: try readGlobals(&section)
                case 7:
                    exportsPlace = start
                    let count = try section.count()
                    exports = (start..<input.place, count, section.place..<content.upperBound)
                    try checkNames(&section, count)
                case 10: try readCode(&section)
                default: break
                }
            }
        }

        private mutating func readImports(_ input: inout WasmBytes) throws(WasmBytes.Problem) {
            for _ in 0..<(try input.count()) {
                _ = try input.piece()
                _ = try input.piece()
                // An actor imports functions and nothing else.
                guard try input.byte() == 0 else { throw .unknown }
                try input.number()
            }
        }

        private mutating func readMemories(_ input: inout WasmBytes) throws(WasmBytes.Problem) {
            memories = try input.count()
            for _ in 0..<memories {
                let flags = try input.byte()
                guard flags & ~1 == 0 else { throw .unknown }
                try input.number()
                if flags & 1 != 0 { try input.number() }
            }
        }

        private mutating func readGlobals(_ input: inout WasmBytes) throws(WasmBytes.Problem) {
            for index in 0..<(try input.count()) {
                let type = try input.byte()
                if type == 0x63 || type == 0x64 { try input.number() }
                if try input.byte() != 0 {
                    mutable.append((index + importedGlobals, (0x7C...0x7F).contains(type)))
                }
                try input.passConstant()
            }
        }

        private mutating func checkNames(
            _ input: inout WasmBytes, _ count: Int
        ) throws(WasmBytes.Problem) {
            for _ in 0..<count {
                let name = try input.piece()
                if wasm[name].starts(with: ImagePlan.prefix.utf8) { hasPrefix = true }
                _ = try input.byte()
                try input.number()
            }
        }

        private mutating func readCode(_ input: inout WasmBytes) throws(WasmBytes.Problem) {
            for _ in 0..<(try input.count()) {
                var body = WasmBytes(wasm, try input.piece())
                for _ in 0..<(try body.count()) {
                    try body.number()
                    let type = try body.byte()
                    if type == 0x63 || type == 0x64 { try body.number() }
                }
                while !body.isAtEnd {
                    if try body.passInstruction() { changesTables = true }
                }
            }
        }

        func plan() throws(WasmBytes.Problem) -> (plan: ImagePlan, wasm: [UInt8]) {
            if changesTables {
                return (ImagePlan(obstacle: "its code changes tables or drops segments"), wasm)
            }
            guard memories == 1 else {
                return (ImagePlan(obstacle: "it has more than one memory"), wasm)
            }
            guard mutable.allSatisfy(\.isPlain), !hasPrefix, let exports else {
                return (
                    ImagePlan(obstacle: "it has globals that the host cannot read and write"), wasm
                )
            }
            var plan = ImagePlan()
            guard !mutable.isEmpty else { return (plan, wasm) }
            var added: [UInt8] = []
            for (index, _) in mutable {
                let name = ImagePlan.prefix + "\(index)"
                plan.globals.append(name)
                added += Self.number(name.utf8.count) + Array(name.utf8) + [3]
                added += Self.number(index)
            }
            let content = Self.number(exports.count + mutable.count) + wasm[exports.entries] + added
            let section = [7] + Self.number(content.count) + content
            return (
                plan,
                Array(wasm[..<exports.section.lowerBound]) + section
                    + wasm[exports.section.upperBound...]
            )
        }

        private static func number(_ value: Int) -> [UInt8] {
            var (rest, bytes): (Int, [UInt8]) = (value, [])
            while rest >= 0x80 {
                bytes.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            return bytes + [UInt8(rest)]
        }
    }
}
