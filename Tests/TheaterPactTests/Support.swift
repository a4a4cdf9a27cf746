// SPDX-License-Identifier: Apache-2.0
import TheaterPact
import TheaterValue

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A generator of numbers that depend on the seed alone.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &self) }
}

enum Support {
    /// How many inputs each fuzz test tries: a tenth of THEATER_FUZZ_COUNT.
    static var fuzzCount: Int {
        let text = getenv("THEATER_FUZZ_COUNT").map { String(cString: $0) }
        return text.flatMap { Int($0) }.map { $0 / 10 } ?? 10_000
    }

    /// Bytes from hexadecimal digits.
    static func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// The interface of a host text.
    static func host(_ text: String) throws -> PactInterface {
        try PactFile.parseHost(text, file: "test.pact").interface
    }

    /// A type that may use the declarations of `text`, with its interface.
    static func type(
        _ type: String, _ text: String = ""
    ) throws -> (type: PactType, interface: PactInterface) {
        let interface = try host("\(text)\nexports { f: func(x: \(type)) }")
        return (interface.functions[0].parameters[0].type, interface)
    }

    /// The error that `body` throws.
    static func error(_ body: () throws -> some Any) -> PactError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? PactError
        }
    }
}
