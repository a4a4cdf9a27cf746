// SPDX-License-Identifier: Apache-2.0

/// How output is cut into callbacks. The cases stand in the order of the interface.
enum OutputMode: Int, Sendable, CaseIterable {
    /// As it comes.
    case raw
    /// One line each, without its newline.
    case lines
    /// One line of JSON each.
    case json
    /// Pieces of one size.
    case chunks
}

/// Cuts one stream of output into what the actor is called with.
///
/// Bytes go in with ``append(_:)`` as they come, pieces come out of ``next()`` until it has none. It keeps at
/// most one unfinished piece beside the bytes that were appended last.
struct OutputSplitter: Sendable {
    private let mode: OutputMode
    /// The most bytes of a piece; their exact number for `chunks`.
    private let limit: Int
    /// What is not given out yet lies from `start` on; up to `scanned` there is no newline.
    private var buffer: [UInt8] = []
    private var start = 0
    private var scanned = 0
    /// In a line that is too long: its rest is passed over.
    private var isSkipping = false
    private var isAtEnd = false
    /// How many lines were dropped: those that are no JSON, or too long.
    private(set) var droppedCount = 0

    private static let newline = UInt8(ascii: "\n")

    /// - Parameter limit: at least one.
    init(_ mode: OutputMode, limit: Int) {
        assert(limit > 0, "a piece has at least one byte")
        self.mode = mode
        self.limit = limit
    }

    /// Adds what was read.
    mutating func append(_ bytes: [UInt8]) {
        if start == buffer.count {
            buffer = bytes
            scanned = 0
        } else {
            buffer.removeFirst(start)
            buffer += bytes
            scanned -= start
        }
        start = 0
    }

    /// Notes that nothing follows: what is unfinished becomes a piece.
    mutating func finish() { isAtEnd = true }

    /// The next piece; `nil` when more must be appended first.
    mutating func next() -> [UInt8]? {
        switch mode {
        case .raw: nextPiece(isWhole: false)
        case .chunks: nextPiece(isWhole: true)
        case .lines: nextLine()
        case .json: nextJSON()
        }
    }

    private var left: Int { buffer.count - start }

    private mutating func take(_ count: Int) -> [UInt8] {
        let end = start + count
        defer {
            start = end
            scanned = end
        }
        return start == 0 && end == buffer.count ? buffer : Array(buffer[start..<end])
    }

    private mutating func nextPiece(isWhole: Bool) -> [UInt8]? {
        guard left >= limit || !isWhole || isAtEnd, left > 0 else { return nil }
        return take(min(left, limit))
    }

    private mutating func nextLine() -> [UInt8]? {
        while true {
            let end = min(buffer.count, start + limit)
            if let newline = buffer[scanned..<end].firstIndex(of: Self.newline) {
                let line = take(newline - start)
                start = newline + 1
                scanned = start
                if !line.isEmpty { return line }
            } else {
                scanned = end
                return left >= limit || isAtEnd && left > 0 ? take(end - start) : nil
            }
        }
    }

    private mutating func nextJSON() -> [UInt8]? {
        while true {
            if let newline = buffer[scanned...].firstIndex(of: Self.newline) {
                let line = take(newline - start)
                start = newline + 1
                scanned = start
                if let line = checked(line) { return line }
            } else {
                scanned = buffer.count
                if isAtEnd { return left > 0 ? checked(take(left)) : nil }
                // What stays unfinished is bounded, whatever comes.
                if left > limit {
                    if !isSkipping { droppedCount += 1 }
                    isSkipping = true
                    _ = take(left)
                }
                return nil
            }
        }
    }

    /// A line as the actor gets it; `nil` when it is dropped.
    private mutating func checked(_ line: [UInt8]) -> [UInt8]? {
        guard !isSkipping else {
            isSkipping = false
            return nil
        }
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 || byte == 0x0D }
        guard let first = line.firstIndex(where: { !isBlank($0) }),
            let last = line.lastIndex(where: { !isBlank($0) })
        else { return nil }
        guard line.count <= limit, JSONCheck.isJSON(line[first...last]) else {
            droppedCount += 1
            return nil
        }
        return Array(line[first...last])
    }
}
