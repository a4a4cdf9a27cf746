// SPDX-License-Identifier: Apache-2.0

public import TheaterCapability
internal import TheaterManifest

/// Translates between the keys of a handler's configuration and the bounds they set.
struct Authority {
    /// What the handler declares.
    let keys: [AuthorityKey]
    /// Makes the canonical form of a path: absolute, links followed.
    let canonicalPath: @Sendable (String) -> String

    init(_ type: any Handler.Type, canonicalPath: @escaping @Sendable (String) -> String) {
        keys = type.authority
        self.canonicalPath = canonicalPath
    }

    // MARK: From keys to bounds

    /// What a grant asks for: a bound for each declared key, and the values of all others.
    func bounds(of grant: HandlerGrant) throws(ManifestDiagnostics) -> GrantBounds {
        var reader = grant.reader()
        var bounds: [String: Bound] = [:]
        for key in keys {
            bounds[key.name] =
                reader.has(key.name)
                ? read(key, &reader, file: grant.file) ?? .contradiction : key.absent
        }
        for (name, value) in grant.configuration where bounds[name] == nil {
            bounds[name] = .fixed(value.description)
        }
        try reader.check()
        return GrantBounds(bounds)
    }

    /// What a policy leaves: a bound for each key that it names.
    func policy(_ policy: HandlerPolicy) throws(ManifestDiagnostics) -> GrantPolicy {
        switch policy.kind {
        case .inherit: return .inherit
        case .disallow: return .disallow
        case .restrict(let grant):
            var reader = grant.reader()
            var bounds: [String: Bound] = [:]
            for key in keys {
                if key.kind == .free, reader.has(key.name) {
                    reader.refuse(
                        key.name, "'\(key.name)' bounds nothing, so it cannot restrict",
                        suggestion: "remove it")
                }
                bounds[key.name] = read(key, &reader, file: grant.file)
            }
            guard keys.isEmpty else {
                try reader.finish()
                return .restrict(bounds)
            }
            return .restrict(grant.configuration.mapValues { .fixed($0.description) })
        }
    }

    /// The bound that a key sets; `nil` when it is not there, or wrong.
    private func read(
        _ key: AuthorityKey, _ reader: inout SectionReader, file: String
    ) -> Bound? {
        switch key.kind {
        case .names, .patterns:
            guard let names = reader.strings(key.name) else { return nil }
            return set(key, &reader) { () throws(CapabilityError) in
                .names(try NameSet(names, takesPatterns: key.kind == .patterns))
            }
        case .exceptions:
            guard let names = reader.strings(key.name) else { return nil }
            return set(key, &reader) { () throws(CapabilityError) in
                .namesExcept(try NameSet(names, takesPatterns: true))
            }
        case .paths, .path:
            let read =
                key.kind == .path ? reader.string(key.name).map { [$0] } : reader.strings(key.name)
            guard let paths = read else { return nil }
            return set(key, &reader) { () throws(CapabilityError) in
                // Checked before anything is looked up on disk.
                _ = try PathSet(paths)
                return .paths(
                    try PathSet(
                        paths.map { canonicalPath(Manifest.join($0, relativeTo: file)) }))
            }
        case .hosts:
            guard let hosts = reader.strings(key.name) else { return nil }
            return set(key, &reader) { () throws(CapabilityError) in
                .hosts(try HostSet(hosts))
            }
        case .maximum(let unit): return number(key.name, unit, &reader).map(Bound.atMost)
        case .minimum(let unit): return number(key.name, unit, &reader).map(Bound.atLeast)
        case .flag(let reachesFurther):
            return reader.bool(key.name).map { .flag($0 == reachesFurther) }
        case .free:
            // Marked as read: the handler reads it for itself.
            return reader.isPresent(key.name) ? .unlimited : nil
        }
    }

    private func set(
        _ key: AuthorityKey, _ reader: inout SectionReader,
        _ make: () throws(CapabilityError) -> Bound
    ) -> Bound? {
        do throws(CapabilityError) {
            return try make()
        } catch {
            reader.refuse(key.name, "'\(key.name)': \(error.message)")
            return nil
        }
    }

    private func number(
        _ name: String, _ unit: AuthorityKey.Unit, _ reader: inout SectionReader
    ) -> UInt64? {
        switch unit {
        case .count:
            reader.integer(name, in: 0...Int.max).flatMap { UInt64(exactly: $0) }
        case .bytes: reader.bytes(name)?.bytes
        case .duration:
            reader.duration(name).flatMap { duration in
                let (seconds, attoseconds) = duration.components
                let nanoseconds = attoseconds / 1_000_000_000
                return UInt64(exactly: seconds).map { seconds in
                    seconds &* 1_000_000_000 &+ UInt64(clamping: nanoseconds)
                }
            }
        }
    }

    // MARK: From bounds to keys

    /// The grant as the handler is to read it: with the narrower values, and with canonical paths.
    func narrowed(
        _ grant: HandlerGrant, asked: GrantBounds, effective: GrantBounds
    ) -> HandlerGrant {
        var values: [String: ManifestValue] = [:]
        for key in keys {
            let bound = effective[key.name]
            let isPath =
                (key.kind == .paths || key.kind == .path) && grant.place(of: key.name) != nil
            guard bound != asked[key.name] || isPath else { continue }
            values[key.name] = value(bound, of: key)
        }
        return grant.replacing(values)
    }

    private func value(_ bound: Bound, of key: AuthorityKey) -> ManifestValue? {
        switch bound {
        case .names(let set), .namesExcept(let set):
            .array(set.names.map(ManifestValue.string))
        case .paths(let set) where key.kind == .path: .string(set.paths.first ?? "")
        case .paths(let set): .array(set.paths.map(ManifestValue.string))
        case .hosts(let set): .array(set.hosts.map(ManifestValue.string))
        case .atMost(let number), .atLeast(let number): value(number, key.kind)
        case .flag(let isAllowed):
            if case .flag(let reachesFurther) = key.kind {
                .bool(isAllowed == reachesFurther)
            } else {
                nil
            }
        case .unlimited, .fixed, .contradiction: nil
        }
    }

    private func value(_ number: UInt64, _ kind: AuthorityKey.Kind) -> ManifestValue {
        let clamped = Int64(clamping: number)
        switch kind {
        case .maximum(.duration), .minimum(.duration):
            return .string(DurationText.format(.nanoseconds(clamped)))
        default: return .integer(clamped)
        }
    }
}

extension AuthorityKey {
    /// A bound of this key for people, in the unit of the key.
    public func text(_ bound: Bound) -> String {
        let unit: Unit
        switch kind {
        case .maximum(let own), .minimum(let own): unit = own
        case .free: return "any value"
        case .names, .patterns, .exceptions, .paths, .path, .hosts, .flag: return bound.description
        }
        let (words, number): (String, UInt64)
        switch bound {
        case .atMost(let value): (words, number) = ("at most ", value)
        case .atLeast(let value): (words, number) = ("at least ", value)
        default: return bound.description
        }
        switch unit {
        case .count: return words + String(number)
        case .bytes: return words + ByteCount(bytes: number).description
        case .duration:
            return words + DurationText.format(.nanoseconds(Int64(clamping: number)))
        }
    }
}
