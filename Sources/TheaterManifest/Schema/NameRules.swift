// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    /// Whether an actor may have this name.
    public static func isName(_ text: String) -> Bool {
        NameRules.isName(text, also: "_.", lengthMax: 64)
    }
}

/// The forms that names in a manifest must have.
enum NameRules {
    /// Whether the text is a lower-case letter or digit followed by those, hyphens, and `also`.
    static func isName(_ text: String, also: String, lengthMax: Int) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        return text.utf8.count <= lengthMax
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || $0 == UInt8(ascii: "-") || also.utf8.contains($0)
            }
    }

    /// Whether the text has the form `namespace:package/interface`.
    static func isInterface(_ text: String) -> Bool {
        guard text.utf8.count <= 256 else { return false }
        let halves = text.split(separator: ":", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return false }
        let rest = halves[1].split(separator: "/", omittingEmptySubsequences: false)
        guard rest.count == 2 else { return false }
        return ([halves[0]] + rest).allSatisfy { isName(String($0), also: "_.@", lengthMax: 128) }
    }

    /// A name like the text that would be accepted.
    static func proposal(for text: String) -> String? {
        let proposed = text.lowercased().unicodeScalars.prefix(64).map { scalar in
            scalar == " " || scalar == "/" ? "-" : scalar
        }
        var name = String(String.UnicodeScalarView(proposed))
        while let first = name.utf8.first, !isLetterOrDigit(first), first < 0x80 {
            name.unicodeScalars.removeFirst()
        }
        return isName(name, also: "_.", lengthMax: 64) ? name : nil
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}
