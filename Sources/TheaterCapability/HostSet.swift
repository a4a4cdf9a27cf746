// SPDX-License-Identifier: Apache-2.0

/// A set of hosts, each on one port or on all.
///
/// Written as `example.com`, `example.com:443`, `*.example.com` (all names below it, not itself),
/// `10.0.0.1:80`, `[::1]:80`, `*` and `*:443`. Hosts are compared as parsed: in lower case, without a
/// dot at the end, addresses by their value.
public struct HostSet: Sendable, Hashable {
    let union: Union<HostRegion>

    /// Makes a set of hosts.
    ///
    /// - Throws: `capability.bad-host`, `capability.too-many`.
    public init(_ hosts: [String]) throws(CapabilityError) {
        try SetLimits.check(hosts.count)
        var regions: [HostRegion] = []
        for host in hosts {
            guard let region = HostRegion(host) else {
                throw CapabilityError(
                    .badHost,
                    "\"\(host.prefix(64))\" is no host; write a name, an IPv4 address of "
                        + "four numbers, or an IPv6 address in brackets, and :port behind it")
            }
            regions.append(region)
        }
        union = Union(regions)
    }

    /// The set without hosts.
    public static let empty = HostSet(union: Union([]))

    init(union: Union<HostRegion>) { self.union = union }

    /// Whether nothing is in the set.
    public var isEmpty: Bool { union.items.isEmpty }

    /// The hosts, sorted, in their shortest form.
    public var hosts: [String] { union.items.map(\.text) }

    /// Whether a host is in the set on a port. A malformed host never is.
    public func contains(_ host: String, port: UInt16) -> Bool {
        guard let name = HostName(host), !name.isPattern else { return false }
        let region = HostRegion(host: name, port: port)
        return union.items.contains { $0.covers(region) }
    }
}

/// A host, or several, on one port or on all.
struct HostRegion: Region {
    let host: HostName
    /// `nil` for all ports.
    let port: UInt16?

    init(host: HostName, port: UInt16?) {
        self.host = host
        self.port = port
    }

    init?(_ text: String) {
        guard SetLimits.isPlain(text) else { return nil }
        var name = Substring(text)
        var port: UInt16?
        let afterBracket = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[afterBracket...].lastIndex(of: ":") {
            let digits = text[text.index(after: colon)...]
            name = text[..<colon]
            if digits != "*" {
                guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                    let number = UInt16(digits)
                else { return nil }
                port = number
            }
        }
        guard let host = HostName(String(name)) else { return nil }
        self.init(host: host, port: port)
    }

    var text: String { host.text + (port.map { ":\($0)" } ?? "") }

    func covers(_ other: HostRegion) -> Bool {
        host.covers(other.host) && (port == nil || port == other.port)
    }

    func meet(_ other: HostRegion) -> HostRegion? {
        guard let host = host.meet(other.host) else { return nil }
        guard let first = port, let second = other.port else {
            return HostRegion(host: host, port: port ?? other.port)
        }
        return first == second ? HostRegion(host: host, port: first) : nil
    }

    static func < (left: HostRegion, right: HostRegion) -> Bool {
        guard left.host == right.host else { return left.host < right.host }
        return (left.port.map(Int.init) ?? -1) < (right.port.map(Int.init) ?? -1)
    }
}
