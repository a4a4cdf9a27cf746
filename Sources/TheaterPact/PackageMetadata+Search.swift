// SPDX-License-Identifier: Apache-2.0
import TheaterValue

extension PackageMetadata {
    /// How many places that look like metadata are tried in one module.
    static let candidatesMax = 64

    /// Finds the metadata in a module without running it.
    ///
    /// Metadata lies in a data segment, often but not always at its beginning. Cost: linear in the
    /// module; at most 64 places that look like metadata are tried.
    ///
    /// - Parameter wasm: the binary module.
    /// - Returns: the metadata and the place of its bytes in the module, or `nil` if no data
    ///   segment holds any.
    /// - Throws: `pact.bad-metadata` if the bytes are not a well-formed module up to its data.
    public static func find(
        inModule wasm: [UInt8]
    ) throws(PactError) -> (metadata: PackageMetadata, range: Range<Int>)? {
        let magic = Array("CGRF".utf8)
        var attempts = 0
        for segment in try ModuleReader.dataSegments(of: wasm) {
            var offset = segment.lowerBound
            while offset + 16 <= segment.upperBound {
                guard wasm[offset] == magic[0], wasm[offset..<offset + 4].elementsEqual(magic),
                    wasm[offset + 4] == 2, wasm[offset + 5] == 0
                else {
                    offset += 1
                    continue
                }
                attempts += 1
                guard attempts <= candidatesMax else { return nil }
                let end = min(segment.upperBound, offset + limits.bufferMax)
                if let found = candidate(in: Array(wasm[offset..<end])) {
                    return (found.metadata, offset..<offset + found.size)
                }
                offset += 4
            }
        }
        return nil
    }

    private static func candidate(
        in bytes: [UInt8]
    ) -> (metadata: PackageMetadata, size: Int)? {
        guard let (value, size) = try? CGRF.decodePrefix(bytes, at: 0, limits: limits),
            let metadata = try? PackageMetadata(value)
        else { return nil }
        return (metadata, size)
    }
}

/// Reads as much of a wasm module as it takes to find its data.
private struct ModuleReader {
    private let bytes: [UInt8]
    private var offset: Int
    private var end: Int

    /// The content of each data segment, as ranges of the module.
    static func dataSegments(of wasm: [UInt8]) throws(PactError) -> [Range<Int>] {
        var reader = ModuleReader(bytes: wasm, offset: 0, end: wasm.count)
        let header: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]
        guard wasm.starts(with: header) else {
            throw PactError(
                .badMetadata, "the bytes are not a wasm module",
                remedy: "give a module built with 'theater build'")
        }
        reader.offset = header.count
        while reader.offset < wasm.count {
            let kind = try reader.byte()
            let size = try reader.number()
            guard size <= UInt64(wasm.count - reader.offset) else { throw reader.malformed() }
            guard kind == 11 else {
                reader.offset += Int(size)
                continue
            }
            reader.end = reader.offset + Int(size)
            return try reader.segments()
        }
        return []
    }

    private mutating func segments() throws(PactError) -> [Range<Int>] {
        var segments: [Range<Int>] = []
        for _ in 0..<(try number()) {
            let kind = try number()
            guard kind <= 2 else { throw malformed() }
            if kind == 2 { _ = try number() }
            if kind != 1 { try skipExpression() }
            let size = try number()
            guard size <= UInt64(end - offset) else { throw malformed() }
            segments.append(offset..<offset + Int(size))
            offset += Int(size)
        }
        return segments
    }

    /// A constant expression: `i32.const`, `i64.const`, `global.get` and their sums.
    private mutating func skipExpression() throws(PactError) {
        while true {
            switch try byte() {
            case 0x0B: return
            case 0x41, 0x42, 0x23: try skipNumber()
            case 0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E: continue
            default: throw malformed()
            }
        }
    }

    private mutating func byte() throws(PactError) -> UInt8 {
        guard offset < end else { throw malformed() }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// An unsigned LEB128 number of 32 bits.
    private mutating func number() throws(PactError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 35, by: 7) {
            let byte = try byte()
            result |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return result }
        }
        throw malformed()
    }

    private mutating func skipNumber() throws(PactError) {
        for _ in 0..<10 {
            if try byte() & 0x80 == 0 { return }
        }
        throw malformed()
    }

    private func malformed() -> PactError {
        PactError(
            .badMetadata, "the wasm module is malformed at byte \(offset)",
            remedy: "build it again, or get an undamaged copy")
    }
}
