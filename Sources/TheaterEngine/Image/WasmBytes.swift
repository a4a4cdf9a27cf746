// SPDX-License-Identifier: Apache-2.0

/// Reads the binary form of a module. What does not fit is an error: nothing in it is believed.
struct WasmBytes {
    /// Why the bytes cannot be read.
    enum Problem: Error {
        case malformed
        /// They hold what this reader does not look into.
        case unknown
    }

    let bytes: [UInt8]
    var place: Int
    let end: Int

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        place = range?.lowerBound ?? 0
        end = range?.upperBound ?? bytes.count
    }

    var isAtEnd: Bool { place >= end }

    mutating func byte() throws(Problem) -> UInt8 {
        guard place < end else { throw .malformed }
        defer { place += 1 }
        return bytes[place]
    }

    /// A number of at most ten bytes; the sign does not matter to whoever skips it.
    @discardableResult
    mutating func number() throws(Problem) -> UInt64 {
        var (value, shift): (UInt64, UInt64) = (0, 0)
        while true {
            let next = try byte()
            value |= UInt64(next & 0x7F) << shift
            if next & 0x80 == 0 { return value }
            shift += 7
            guard shift < 70 else { throw .malformed }
        }
    }

    /// A number of things, each of at least one byte.
    mutating func count() throws(Problem) -> Int {
        let count = try number()
        guard count <= UInt64(end - place) else { throw .malformed }
        return Int(count)
    }

    mutating func skip(_ size: Int) throws(Problem) {
        guard size >= 0, size <= end - place else { throw .malformed }
        place += size
    }

    /// A piece with its size before it.
    mutating func piece() throws(Problem) -> Range<Int> {
        let size = try count()
        defer { place += size }
        return place..<(place + size)
    }

    // MARK: Instructions

    /// Passes one instruction.
    ///
    /// - Returns: whether it changes what an image does not hold: a table, or which segments are dropped.
    mutating func passInstruction() throws(Problem) -> Bool {
        switch try byte() {
        case 0x00, 0x01, 0x05, 0x0B, 0x0F, 0x1A, 0x1B, 0x45...0xC4, 0xD1: break
        case 0x02, 0x03, 0x04, 0x0C, 0x0D, 0x10, 0x12, 0x20...0x25, 0x3F, 0x40, 0x41, 0x42, 0xD0,
            0xD2:
            try number()
        case 0x11, 0x13:
            try number()
            try number()
        case 0x0E: for _ in 0...(try count()) { try number() }
        case 0x1C: for _ in 0..<(try count()) { try number() }
        case 0x26:
            try number()
            return true
        case 0x28...0x3E: try passAccess()
        case 0x43: try skip(4)
        case 0x44: try skip(8)
        case 0xFC: return try passBulk()
        case 0xFD: try passVector()
        default: throw .unknown
        }
        return false
    }

    private mutating func passAccess() throws(Problem) {
        if try number() & 0x40 != 0 { try number() }
        try number()
    }

    private mutating func passBulk() throws(Problem) -> Bool {
        switch try number() {
        case 0...7: return false
        case 8:
            try number()
            try number()
            return false
        case 9:
            try number()
            return true
        case 10:
            try number()
            try number()
            return false
        case 11, 16:
            try number()
            return false
        case 12, 14:
            try number()
            try number()
            return true
        case 13, 15, 17:
            try number()
            return true
        default: throw .unknown
        }
    }

    private mutating func passVector() throws(Problem) {
        switch try number() {
        case 0...11, 92, 93: try passAccess()
        case 12, 13: try skip(16)
        case 21...34: try skip(1)
        case 84...91:
            try passAccess()
            try skip(1)
        case 14...20, 35...83, 94...275: break
        default: throw .unknown
        }
    }

    /// Passes an initial value.
    mutating func passConstant() throws(Problem) {
        while true {
            guard place < end else { throw .malformed }
            if bytes[place] == 0x0B {
                place += 1
                return
            }
            _ = try passInstruction()
        }
    }
}
