// SPDX-License-Identifier: Apache-2.0

internal import TheaterFiles
internal import TheaterHandler
internal import TheaterValue

/// What a call asks of the files, checked as far as it can be without looking.
enum FilesystemOperation: Sendable {
    case read(FilePath)
    case readRange(FilePath, from: UInt64, size: Int)
    case status(FilePath)
    case exists(FilePath)
    case names(FilePath)
    case entries(FilePath)
    case write(FilePath, [UInt8], FileRoot.WriteMode, answersSize: Bool)
    case writeWhole(FilePath, [UInt8], mark: UInt64)
    case makeFolder(FilePath)
    case delete(FilePath)
    case deleteFolder(FilePath)
    case rename(FilePath, to: FilePath)

    // MARK: Deciding

    /// - Parameter mark: makes a random number.
    /// - Returns: `nil` for an unknown function, or an argument of another type.
    static func decide(
        _ call: HostCall, mark: () -> UInt64
    ) throws(FileError) -> FilesystemOperation? {
        guard let text = call.arguments.first?.asString else { return nil }
        let path = try FilePath(text)
        let rest = Array(call.arguments.dropFirst())
        switch (call.function, rest.count) {
        case ("read-file", 0): return .read(path)
        case ("stat", 0): return .status(path)
        case ("path-exists", 0): return .exists(path)
        case ("list-files", 0): return .names(path)
        case ("list-entries", 0): return .entries(path)
        case ("create-dir", 0): return .makeFolder(path)
        case ("delete-file", 0): return .delete(path)
        case ("delete-dir", 0): return .deleteFolder(path)
        case ("rename", 1):
            guard let target = rest[0].asString else { return nil }
            return .rename(path, to: try FilePath(target))
        case ("read-range", 2):
            guard case .u64(let offset) = rest[0], case .u32(let size) = rest[1] else { return nil }
            return .readRange(path, from: offset, size: Int(clamping: size))
        case ("write-file", 1):
            guard let content = rest[0].asString else { return nil }
            return .write(path, Array(content.utf8), .replace, answersSize: false)
        default: break
        }
        guard rest.count == 1, let content = rest[0].asBytes else { return nil }
        switch call.function {
        case "write-bytes": return .write(path, content, .replace, answersSize: false)
        case "create-file": return .write(path, content, .create, answersSize: false)
        case "append": return .write(path, content, .append, answersSize: true)
        case "write-atomic": return .writeWhole(path, content, mark: mark())
        default: return nil
        }
    }

    /// What it needs of the grant.
    var right: FilesystemRule.Right {
        switch self {
        case .read, .readRange, .status, .exists, .names, .entries: .reading
        case .write, .writeWhole, .makeFolder, .delete, .deleteFolder, .rename: .writing
        }
    }

    // MARK: Doing

    /// What came of it.
    struct Outcome: Sendable {
        var answer: Value
        /// How many entries a list leaves out, because their names are no text.
        var namelessCount = 0
    }

    /// Does it. Blocks for the disk.
    func run(_ rule: FilesystemRule) throws(FileError) -> Outcome {
        let root = try rule.opened()
        switch self {
        case .read(let path):
            let bytes = try root.read(path, sizeMax: rule.readMax)
            return Outcome(answer: Self.ok(bytes))
        case .readRange(let path, let offset, let size):
            guard size <= rule.readMax else {
                throw FileError(
                    .tooLarge,
                    "\(size) bytes were asked for, the most is \(rule.readMax); read less at once, or "
                        + "raise max_read")
            }
            return Outcome(answer: Self.ok(try root.read(path, from: offset, size)))
        case .status(let path):
            return Outcome(answer: Self.status(try root.status(path)))
        case .exists(let path):
            return Outcome(answer: .ok(.bool(try root.exists(path)), .primitive(.bool)))
        case .names(let path):
            let listing = try list(path, root, rule)
            let names = listing.entries.map { Value.string($0.name) }
            return Outcome(
                answer: .ok(.list(.string, names), .list(.string)),
                namelessCount: listing.namelessCount)
        case .entries(let path):
            let listing = try list(path, root, rule)
            let type = ValueType.record(Self.entryName)
            return Outcome(
                answer: .ok(.list(type, listing.entries.map(Self.entry)), .list(type)),
                namelessCount: listing.namelessCount)
        case .write, .writeWhole, .makeFolder, .delete, .deleteFolder, .rename:
            return Outcome(
                answer: try rule.spend { (budget) throws(FileError) in
                    try change(root, &budget)
                })
        }
    }

    private func list(
        _ path: FilePath, _ root: FileRoot, _ rule: FilesystemRule
    ) throws(FileError) -> FileRoot.Listing {
        try root.list(path, countMax: rule.entriesMax, sizeMax: FilesystemRule.listSizeMax)
    }

    private func change(_ root: FileRoot, _ budget: inout FileBudget) throws(FileError) -> Value {
        switch self {
        case .write(let path, let content, let mode, let answersSize):
            let size = try root.write(path, content, mode, &budget)
            return answersSize ? .ok(.u64(size), .primitive(.u64)) : .ok()
        case .writeWhole(let path, let content, let mark):
            try root.writeWhole(path, content, mark: mark, &budget)
        case .makeFolder(let path): try root.makeFolder(path, &budget)
        case .delete(let path): try root.delete(path, &budget)
        case .deleteFolder(let path): try root.deleteFolder(path, &budget)
        case .rename(let path, let target): try root.rename(path, to: target, &budget)
        case .read, .readRange, .status, .exists, .names, .entries: break
        }
        return .ok()
    }

    // MARK: Answers

    private static let entryName = "file-entry"

    private static func ok(_ bytes: [UInt8]) -> Value { .ok(.bytes(bytes), .list(.primitive(.u8))) }

    private static func kind(_ kind: FileRoot.Kind) -> Value {
        .variant(Value.Variant("file-kind", "\(kind)", tag: UInt32(clamping: kind.rawValue)))
    }

    private static func status(_ status: FileRoot.Status) -> Value {
        let name = "file-status"
        return .ok(
            .record(
                Value.Record(
                    name,
                    [
                        .init("kind", kind(status.kind)), .init("size", .u64(status.size)),
                        .init("modified", .u64(status.modified)),
                    ])), .record(name))
    }

    private static func entry(_ entry: FileRoot.Entry) -> Value {
        .record(
            Value.Record(
                entryName,
                [
                    .init("name", .string(entry.name)), .init("kind", kind(entry.status.kind)),
                    .init("size", .u64(entry.status.size)),
                ]))
    }
}
