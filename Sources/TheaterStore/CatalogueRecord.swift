// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import TheaterPlatform

/// One change of a store, as the catalogue keeps it.
enum CatalogueRecord: Sendable, Hashable {
    /// A namespace has content.
    case stored(StoreNamespace, ContentID, size: UInt64, time: WallTime)
    /// A namespace no longer has content.
    case forgotten(StoreNamespace, ContentID)
    /// A label names content of its namespace.
    case labelled(StoreNamespace, StoreLabel, ContentID)
    /// A label is gone.
    case unlabelled(StoreNamespace, StoreLabel)
}

/// The bytes of the catalogue.
///
/// The file begins with the eight bytes of ``magic`` and the version. Then come frames, one for each
/// append: the size of the body (4 bytes), the first eight bytes of the body's SHA-256, and the body,
/// which is one record or more. A record is its kind, the namespace with its size in one byte before
/// it, and what the kind has: content (32 bytes), size and time (8 bytes each), a label with its size
/// in two bytes before it. Numbers are little-endian.
///
/// A frame takes effect as a whole. The next one is written only when it is durable, so what a crash
/// leaves half written is the last frame, and a broken frame with a good one after it is damage.
enum CatalogueFormat {
    static let magic = Array("theaterS".utf8)
    static let version: UInt32 = 1
    static let headerSize = 16
    static let prefixSize = 12
    /// The largest body of a frame.
    static let bodyMax = 64 << 10
    /// The largest record: kind, namespace, content, label.
    static let recordMax = 4 + StoreNamespace.sizeMax + ContentID.size + StoreLabel.sizeMax

    static var header: [UInt8] { magic + bytes(UInt64(version), 4) + [0, 0, 0, 0] }

    /// What stands at the beginning of some bytes.
    enum Parsed {
        case frame([CatalogueRecord], size: Int)
        /// The bytes end within the frame.
        case short
        case damaged
    }

    static func frame(_ body: [UInt8]) -> [UInt8] {
        bytes(UInt64(body.count), 4) + check(body[...]) + body
    }

    static func encode(_ record: CatalogueRecord) -> [UInt8] {
        func head(_ kind: UInt8, _ name: StoreNamespace) -> [UInt8] {
            [kind, UInt8(truncatingIfNeeded: name.name.utf8.count)] + Array(name.name.utf8)
        }
        func tail(_ label: StoreLabel) -> [UInt8] {
            bytes(UInt64(label.text.utf8.count), 2) + Array(label.text.utf8)
        }
        return switch record {
        case .stored(let name, let id, let size, let time):
            head(1, name) + id.bytes + bytes(size, 8)
                + bytes(UInt64(bitPattern: time.nanoseconds), 8)
        case .forgotten(let name, let id): head(2, name) + id.bytes
        case .labelled(let name, let label, let id): head(3, name) + id.bytes + tail(label)
        case .unlabelled(let name, let label): head(4, name) + tail(label)
        }
    }

    static func parse(_ bytes: ArraySlice<UInt8>) -> Parsed {
        guard bytes.count >= prefixSize else { return .short }
        let size = Int(number(bytes.prefix(4)))
        guard (1...bodyMax).contains(size) else { return .damaged }
        guard bytes.count >= prefixSize + size else { return .short }
        let body = bytes.dropFirst(prefixSize).prefix(size)
        guard check(body).elementsEqual(bytes.dropFirst(4).prefix(8)), let records = decode(body)
        else { return .damaged }
        return .frame(records, size: prefixSize + size)
    }

    private static func decode(_ body: ArraySlice<UInt8>) -> [CatalogueRecord]? {
        var records: [CatalogueRecord] = []
        var rest = body
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count)
        }
        func name() -> StoreNamespace? {
            take(1)?.first.flatMap { take(Int($0)) }
                .flatMap { StoreNamespace(String(decoding: $0, as: UTF8.self)) }
        }
        func content() -> ContentID? { take(ContentID.size).flatMap { ContentID(bytes: $0) } }
        func label() -> StoreLabel? {
            take(2).flatMap { take(Int(number($0))) }
                .flatMap { String(validating: $0, as: UTF8.self) }.flatMap { StoreLabel($0) }
        }
        while let kind = take(1)?.first {
            guard let name = name() else { return nil }
            switch kind {
            case 1:
                guard let id = content(), let size = take(8), let time = take(8) else { return nil }
                let nanoseconds = Int64(bitPattern: number(time))
                records.append(
                    .stored(
                        name, id, size: number(size), time: WallTime(nanoseconds: nanoseconds)))
            case 2:
                guard let id = content() else { return nil }
                records.append(.forgotten(name, id))
            case 3:
                guard let id = content(), let label = label() else { return nil }
                records.append(.labelled(name, label, id))
            case 4:
                guard let label = label() else { return nil }
                records.append(.unlabelled(name, label))
            default: return nil
            }
        }
        return records
    }

    private static func check(_ body: ArraySlice<UInt8>) -> [UInt8] {
        var hasher = SHA256()
        body.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return hasher.finalize().withUnsafeBytes { Array($0.prefix(8)) }
    }

    private static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The version that a header tells; `nil` for another file.
    static func version(of header: [UInt8]) -> UInt32? {
        guard header.count >= headerSize, header.starts(with: magic) else { return nil }
        return UInt32(truncatingIfNeeded: number(header[8..<12]))
    }
}
