// SPDX-License-Identifier: Apache-2.0

import TheaterManifest

/// The lines that `Manifest.parse` prints about a text; empty when it is accepted.
func findings(
    _ text: String, file: String = "a.toml", variables: [String: String] = [:]
) -> [String] {
    do throws(ManifestDiagnostics) {
        _ = try Manifest.parse(text, file: file, variables: variables)
        return []
    } catch {
        return error.diagnostics.map(\.description)
    }
}

/// The first two lines that every accepted manifest has.
let head = "name = \"a\"\npackage = \"a.wasm\"\n"

/// A small generator with a seed that tests can print.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
