// SPDX-License-Identifier: Apache-2.0

/// A host as it is compared: a name, an address, or a pattern of names.
enum HostName: Region {
    /// Every host.
    case any
    /// All names below the labels, which are in the order of the text.
    case below([String])
    /// One name, as its labels.
    case name([String])
    /// An IPv4 address. IPv6 spellings of one are the same address.
    case v4(UInt32)
    /// An IPv6 address, as eight groups.
    case v6([UInt16])

    init?(_ text: String) {
        if text == "*" {
            self = .any
        } else if text.hasPrefix("[") {
            guard text.hasSuffix("]"), let groups = Self.groups(String(text.dropFirst().dropLast()))
            else { return nil }
            if groups[..<5].allSatisfy({ $0 == 0 }), groups[5] == 0xFFFF {
                self = .v4(UInt32(groups[6]) << 16 | UInt32(groups[7]))
            } else {
                self = .v6(groups)
            }
        } else if text.hasPrefix("*.") {
            guard let labels = Self.labels(String(text.dropFirst(2))) else { return nil }
            self = .below(labels)
        } else if let address = Self.quad(text) {
            self = .v4(address)
        } else {
            guard let labels = Self.labels(text) else { return nil }
            self = .name(labels)
        }
    }

    /// Whether this stands for several hosts.
    var isPattern: Bool {
        switch self {
        case .any, .below: true
        case .name, .v4, .v6: false
        }
    }

    func covers(_ other: HostName) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (.below(let suffix), .below(let labels)): labels.ends(with: suffix)
        case (.below(let suffix), .name(let labels)):
            labels.count > suffix.count && labels.ends(with: suffix)
        default: self == other
        }
    }

    func meet(_ other: HostName) -> HostName? {
        if covers(other) { return other }
        return other.covers(self) ? self : nil
    }

    static func < (left: HostName, right: HostName) -> Bool { left.text < right.text }

    /// The host as it is written.
    var text: String {
        switch self {
        case .any: "*"
        case .below(let labels): "*." + labels.joined(separator: ".")
        case .name(let labels): labels.joined(separator: ".")
        case .v4(let address):
            [24, 16, 8, 0].map { String(address >> UInt32($0) & 0xFF) }.joined(separator: ".")
        case .v6(let groups): "[" + Self.text(groups) + "]"
        }
    }

    /// The labels of a name in lower case; `nil` for what is no name. A last label of digits would be
    /// taken for an address by some resolvers, so it is none.
    private static func labels(_ text: String) -> [String]? {
        let name = text.hasSuffix(".") ? text.dropLast() : Substring(text)
        // Lower-casing maps some other letters to ASCII, so those are refused before.
        guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy({ $0 < 0x80 }) else {
            return nil
        }
        let labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.utf8.count), label.utf8.allSatisfy(isNameByte),
                label.utf8.first != UInt8(ascii: "-"), label.utf8.last != UInt8(ascii: "-")
            else { return nil }
        }
        guard let last = labels.last, last.utf8.contains(where: { !isDigit($0) }),
            !last.hasPrefix("0x")
        else { return nil }
        return labels.map(String.init)
    }

    /// Four numbers without leading zeros.
    private static func quad(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard part.utf8.allSatisfy(isDigit), part == "0" || !part.hasPrefix("0"),
                let number = UInt8(part)
            else { return nil }
            address = address << 8 | UInt32(number)
        }
        return address
    }

    /// The eight groups of an IPv6 address, `::` worked out.
    private static func groups(_ text: String) -> [UInt16]? {
        guard text.utf8.count <= 45 else { return nil }
        let halves = splitAtGap(text)
        let hasGap = halves.count == 2
        guard let first = half(halves[0], endsAddress: !hasGap) else { return nil }
        guard hasGap else { return first.count == 8 ? first : nil }
        guard let second = half(halves[1], endsAddress: true), first.count + second.count < 8 else {
            return nil
        }
        return first + Array(repeating: 0, count: 8 - first.count - second.count) + second
    }

    /// The text on both sides of its first `::`; the whole text without one.
    private static func splitAtGap(_ text: String) -> [String] {
        let bytes = Array(text.utf8)
        let colon = UInt8(ascii: ":")
        for index in bytes.indices.dropLast()
        where bytes[index] == colon && bytes[index + 1] == colon {
            return [bytes[..<index], bytes[(index + 2)...]].map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        return [text]
    }

    /// The groups on one side of the gap; the last may be four numbers where the address ends.
    private static func half(_ text: String, endsAddress: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, part.contains(".") {
                guard let address = quad(String(part)) else { return nil }
                groups += [
                    UInt16(truncatingIfNeeded: address >> 16), UInt16(truncatingIfNeeded: address),
                ]
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexDigit),
                    let group = UInt16(part, radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    /// The groups with the longest run of zeros left out, as RFC 5952 has it.
    private static func text(_ groups: [UInt16]) -> String {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > max(1, best.count) { best = start..<index }
            start = index + 1
        }
        let hex = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return hex.joined(separator: ":") }
        return hex[..<best.lowerBound].joined(separator: ":") + "::"
            + hex[best.upperBound...].joined(separator: ":")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }
}

extension [String] {
    fileprivate func ends(with suffix: [String]) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
