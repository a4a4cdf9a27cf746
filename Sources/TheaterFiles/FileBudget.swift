// SPDX-License-Identifier: Apache-2.0

/// By how much an actor has made what lies below its root grow, and by how much it may.
///
/// Counted from the actor's own operations, so what others do there is nobody's concern. What it deletes makes
/// room, also for what was there before it.
public struct FileBudget: Sendable, Hashable {
    /// The most bytes to grow by.
    public let sizeMax: UInt64
    /// The most files and folders to grow by.
    public let countMax: UInt64
    /// The largest file that may be made.
    public let fileSizeMax: UInt64
    /// By how many bytes it has grown; less than zero when more was deleted than written.
    public private(set) var size: Int64 = 0
    /// By how many files and folders.
    public private(set) var count: Int64 = 0

    /// Makes a budget of which nothing is used.
    public init(sizeMax: UInt64, countMax: UInt64, fileSizeMax: UInt64) {
        self.sizeMax = sizeMax
        self.countMax = countMax
        self.fileSizeMax = fileSizeMax
    }

    /// Checks a growth before it is done.
    ///
    /// - Throws: `filesystem.quota`.
    func check(size more: Int64, count entries: Int64 = 0) throws(FileError) {
        guard more <= 0 || size <= Int64(clamping: sizeMax).subtractingSaturated(more) else {
            throw FileError(
                .quota,
                "\(more) bytes more than there are would exceed the \(sizeMax) that the actor may add below "
                    + "its root; delete something, or raise quota")
        }
        guard entries <= 0 || count <= Int64(clamping: countMax).subtractingSaturated(entries)
        else {
            throw FileError(
                .quota,
                "another file or folder would exceed the \(countMax) that the actor may add below its root; "
                    + "delete some, or raise count_max")
        }
    }

    /// Checks the size of a file before it is made.
    ///
    /// - Throws: `filesystem.too-large`.
    func check(fileSize: Int64, of path: FilePath) throws(FileError) {
        guard fileSize <= Int64(clamping: fileSizeMax) else {
            throw FileError(
                .tooLarge,
                "'\(path.shown)' would have \(fileSize) bytes, the most is \(fileSizeMax); write less, or "
                    + "raise max_file_size")
        }
    }

    /// Takes note of a growth.
    mutating func note(size more: Int64, count entries: Int64 = 0) {
        size = size.addingSaturated(more)
        count = count.addingSaturated(entries)
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? (other > 0 ? .max : .min) : sum
    }

    fileprivate func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, isOver) = subtractingReportingOverflow(other)
        return isOver ? (other > 0 ? .min : .max) : difference
    }
}
