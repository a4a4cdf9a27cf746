// SPDX-License-Identifier: Apache-2.0

/// Takes bytes off a WebAssembly file, front to back.
struct WasmReader {
    private let bytes: [UInt8]
    private var at: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        at = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], from start: Int, to end: Int) {
        self.bytes = bytes
        at = start
        self.end = end
    }

    var isAtEnd: Bool { at == end }

    /// Where in the file the next byte is.
    var offset: Int { at }

    private func wrong(_ problem: String, at offset: Int? = nil) -> BuildError {
        BuildError(
            .badWasm,
            "byte \(offset ?? at): \(problem); the file is damaged or no WebAssembly module"
        )
    }

    mutating func header() throws(BuildError) {
        guard bytes.starts(with: [0x00, 0x61, 0x73, 0x6D]) else {
            throw wrong("the file does not begin with the mark of WebAssembly")
        }
        guard bytes.count >= 8, bytes[4...7].elementsEqual([1, 0, 0, 0]) else {
            throw wrong("this is not a core module of version 1", at: 4)
        }
        at = 8
    }

    mutating func byte() throws(BuildError) -> UInt8 {
        guard at < end else { throw wrong("the file ends too early") }
        defer { at += 1 }
        return bytes[at]
    }

    mutating func skip(_ count: Int) throws(BuildError) {
        guard count <= end - at else { throw wrong("the file ends too early") }
        at += count
    }

    /// An unsigned 32-bit number in LEB128.
    mutating func number() throws(BuildError) -> UInt32 {
        let start = at
        let number = try wide()
        guard number <= UInt32.max, at - start <= 5 else {
            throw wrong("a number is larger than 32 bits", at: start)
        }
        return UInt32(number)
    }

    /// An unsigned 64-bit number in LEB128.
    mutating func wide() throws(BuildError) -> UInt64 {
        let start = at
        var number: UInt64 = 0
        for shift in stride(from: 0 as UInt64, to: 70, by: 7) {
            let byte = try byte()
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || part <= 1 else { break }
            number |= part << shift
            if byte & 0x80 == 0 { return number }
        }
        throw wrong("a number is larger than 64 bits", at: start)
    }

    /// The number of items that follow, each of at least `itemSize` bytes.
    mutating func count(itemSize: Int) throws(BuildError) -> Int {
        let start = at
        let count = try number()
        guard Int(count) <= (end - at) / itemSize else {
            throw wrong("\(count) items are announced and cannot follow", at: start)
        }
        return Int(count)
    }

    /// The next bytes as a reader of their own.
    mutating func slice(_ size: Int) throws(BuildError) -> WasmReader {
        let start = at
        try skip(size)
        return WasmReader(bytes, from: start, to: at)
    }

    mutating func name() throws(BuildError) -> String {
        let size = try count(itemSize: 1)
        let start = at
        at += size
        guard let text = String(validating: bytes[start..<at], as: UTF8.self) else {
            throw wrong("a name is not UTF-8", at: start)
        }
        return text
    }

    mutating func kind() throws(BuildError) -> WasmSections.Kind {
        let start = at
        guard let kind = WasmSections.Kind(rawValue: try byte()) else {
            throw wrong("an import or export is of no known kind", at: start)
        }
        return kind
    }

    mutating func types() throws(BuildError) -> [WasmSections.FunctionType] {
        var types: [WasmSections.FunctionType] = []
        let count = try count(itemSize: 1)
        for _ in 0..<count {
            // Types of the garbage collector are no functions; what follows cannot be told apart.
            guard try byte() == 0x60 else { return types }
            let parameters = try valueTypes()
            types.append(.init(parameters: parameters, results: try valueTypes()))
        }
        return types
    }

    private mutating func valueTypes() throws(BuildError) -> [UInt8] {
        let count = try count(itemSize: 1)
        var types: [UInt8] = []
        for _ in 0..<count {
            let type = try byte()
            types.append(type)
            // A reference with its heap type.
            if type == 0x63 || type == 0x64 { _ = try wide() }
        }
        return types
    }

    mutating func skipReferenceType() throws(BuildError) {
        let type = try byte()
        if type == 0x63 || type == 0x64 { _ = try wide() }
    }

    mutating func limits() throws(BuildError) -> WasmSections.Memory {
        let flags = try byte()
        let minimum = try wide()
        let maximum = flags & 1 == 1 ? try wide() : nil
        if flags & 8 == 8 { _ = try number() }
        return .init(pagesMin: minimum, pagesMax: maximum)
    }

    mutating func memories() throws(BuildError) -> [WasmSections.Memory] {
        var memories: [WasmSections.Memory] = []
        let count = try count(itemSize: 2)
        for _ in 0..<count { memories.append(try limits()) }
        return memories
    }

    /// The contents of data segments whose place is a constant.
    mutating func segments() throws(BuildError) -> [Range<Int>] {
        var segments: [Range<Int>] = []
        let count = try count(itemSize: 2)
        for _ in 0..<count {
            let mode = try number()
            if mode == 2 { _ = try number() }
            if mode != 1 {
                // An expression: a constant instruction, its number, and the end.
                let start = at
                let instruction = try byte()
                guard [0x41, 0x42, 0x23].contains(instruction) else {
                    throw wrong("a data segment's place is no constant", at: start)
                }
                _ = try skipSigned()
                guard try byte() == 0x0B else {
                    throw wrong("a data segment's place is no constant", at: start)
                }
            }
            let size = try self.count(itemSize: 1)
            segments.append(at..<at + size)
            at += size
        }
        return segments
    }

    private mutating func skipSigned() throws(BuildError) {
        for _ in 0..<10 where try byte() & 0x80 == 0 { return }
        throw wrong("a number is larger than 64 bits")
    }
}
