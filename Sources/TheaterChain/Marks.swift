// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

/// Finding marks among bytes that may be damaged.
enum Marks {
    /// Whether a mark after an offset says that the bytes there were durable.
    static func hasMark(
        _ source: SegmentSource, after offset: UInt64, in number: UInt32, of journal: ActorID?
    ) -> Bool {
        nextMark(source, after: offset, in: number, of: journal) != nil
    }

    /// The offset of the next whole mark of this journal that stands where it says it stands.
    static func nextMark(
        _ source: SegmentSource, after offset: UInt64, in number: UInt32, of journal: ActorID?
    ) -> UInt64? {
        let overlap = RecordFormat.markSize - 1
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        var base = offset + 1
        while true {
            let count = buffer.withUnsafeMutableBytes {
                (try? source.read(into: $0, at: base)) ?? 0
            }
            guard count > overlap else { return nil }
            let found = buffer.withUnsafeBytes { bytes -> Int? in
                for start in 0..<count - overlap {
                    guard bytes[start + RecordFormat.kindOffset] == RecordFormat.Kind.mark.rawValue,
                        bytes[start + RecordFormat.sizeOffset] == UInt8(RecordFormat.markSize),
                        case .record(let mark) = Record.read(
                            bytes.part(start..<start + RecordFormat.markSize)),
                        mark.kind == .mark, journal == nil || mark.id == journal,
                        mark.previous.segment == number,
                        UInt64(mark.previous.offset) == base + UInt64(start)
                    else { continue }
                    return start
                }
                return nil
            }
            if let found { return base + UInt64(found) }
            base += UInt64(count - overlap)
        }
    }
}
