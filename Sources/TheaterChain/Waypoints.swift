// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterPlatform

/// Where some events of each chain are, so that a cursor need not follow a chain back from its head.
///
/// Filled while appending, and by cursors with what they pass. What is not known costs reads, never an
/// answer. Shared by a journal, its readers and their cursors.
final class Waypoints: Sendable {
    /// A known event.
    struct Place: Sendable, Hashable {
        let sequence: UInt64
        let position: Position
    }

    /// How far waypoints of a chain are apart at first.
    static let stride: UInt64 = 1024
    /// How many a chain has; then every second one goes, and they are twice as far apart.
    static let countMax = 4096

    private struct Line {
        var spacing = Waypoints.stride
        /// Ascending.
        var places: [Place] = []

        func wants(_ sequence: UInt64) -> Bool { (sequence + 1) % spacing == 0 }

        /// The index of the first place that is not before an event.
        func index(of sequence: UInt64) -> Int {
            var (low, high) = (0, places.count)
            while low < high {
                let middle = low + (high - low) / 2
                if places[middle].sequence < sequence {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }

        mutating func add(_ place: Place) {
            guard wants(place.sequence) else { return }
            let index = index(of: place.sequence)
            if index < places.count, places[index].sequence == place.sequence { return }
            places.insert(place, at: index)
            guard places.count > Waypoints.countMax else { return }
            let wider = spacing * 2
            spacing = wider
            places.removeAll { ($0.sequence + 1) % wider != 0 }
        }
    }

    private let lines = Mutex<[ActorID: Line]>([:])

    /// Whether an event stands where the densest waypoints are.
    @inline(__always)
    static func isCandidate(_ sequence: UInt64) -> Bool { (sequence + 1) % stride == 0 }

    /// Takes note of where an event is; of most events it does not.
    func note(_ actor: ActorID, _ sequence: UInt64, _ position: Position) {
        guard Self.isCandidate(sequence) else { return }
        lines.withLock {
            $0[actor, default: Line()].add(Place(sequence: sequence, position: position))
        }
    }

    /// The known events of a range, and the first known one after it when the range's last is not known.
    /// Ascending.
    func places(of actor: ActorID, in range: Range<UInt64>) -> [Place] {
        lines.withLock { lines in
            guard let line = lines[actor], !range.isEmpty else { return [] }
            let first = line.index(of: range.lowerBound)
            let end = min(line.index(of: range.upperBound - 1) + 1, line.places.count)
            return Array(line.places[first..<end])
        }
    }

    /// How many events of a chain are known.
    func count(of actor: ActorID) -> Int { lines.withLock { $0[actor]?.places.count ?? 0 } }
}
