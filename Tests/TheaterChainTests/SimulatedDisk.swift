// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TheaterPlatform

/// A small generator of random numbers that a seed fixes.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}

/// A disk in memory that fails at a chosen operation, and that forgets on a power cut what was not
/// synced.
final class SimulatedDisk: Disk {
    /// Which operations fail.
    struct Fault {
        /// The number of the operation that fails, counted from zero.
        var operation: Int
        /// Whether all later ones fail too.
        var isPersistent = false
        var errno: Int32 = EIO
        /// How much of a write that fails reaches the file.
        var kept = 0
    }

    private struct File {
        var bytes: [UInt8] = []
        var durable: [UInt8] = []
        /// Pages that a failed sync has dropped: a later sync does not write them, unless they were
        /// written anew. This is what Linux does.
        var dropped: Set<Int> = []

        static let pageSize = 64

        func page(_ index: Int, of bytes: [UInt8]) -> ArraySlice<UInt8> {
            let start = min(index * Self.pageSize, bytes.count)
            return bytes[start..<min(start + Self.pageSize, bytes.count)]
        }

        mutating func sync() {
            let old = durable
            durable = bytes
            for index in dropped {
                let lost = page(index, of: bytes).count
                let start = index * Self.pageSize
                for place in start..<start + lost {
                    durable[place] = place < old.count ? old[place] : 0
                }
            }
        }

        mutating func failSync() {
            for index in 0...bytes.count / Self.pageSize
            where page(index, of: bytes) != page(index, of: durable) { dropped.insert(index) }
        }
    }

    private struct State {
        var files: [Int: File] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var open: [Int32: Int] = [:]
        var locked: [Int32: Int] = [:]
        var nextFile = 0
        var nextDescriptor: Int32 = 100
        var operations = 0
        var fault: Fault?
        var faultsHit = 0
        var failedWriteSize = 0
        var directories: Set<String> = []
        var onSync: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    // MARK: What a test does to it

    /// Is told of each sync that succeeded, after it.
    func onSync(_ told: (@Sendable () -> Void)?) { state.withLock { $0.onSync = told } }

    var faultsHit: Int { state.withLock { $0.faultsHit } }
    /// How many bytes the write had that failed last; zero when another operation failed.
    var failedWriteSize: Int { state.withLock { $0.failedWriteSize } }
    var operations: Int { state.withLock { $0.operations } }

    /// Sets the fault and starts counting operations.
    func inject(_ fault: Fault?) {
        state.withLock {
            $0.fault = fault
            $0.operations = 0
            $0.faultsHit = 0
            $0.failedWriteSize = 0
        }
    }

    /// The process dies: locks and descriptors are gone, the contents stay.
    func kill() {
        state.withLock {
            $0.open = [:]
            $0.locked = [:]
        }
    }

    /// The machine dies: of what was not synced, any part may be there.
    func cutPower(_ random: inout SplitMix) {
        var generator = random
        state.withLock { state in
            state.open = [:]
            state.locked = [:]
            state.names = state.durableNames
            for id in state.files.keys.sorted() {
                guard var file = state.files[id] else { continue }
                let low = min(file.bytes.count, file.durable.count)
                let high = max(file.bytes.count, file.durable.count)
                var kept = [UInt8](
                    repeating: 0, count: Int.random(in: low...high, using: &generator))
                for start in stride(from: 0, to: kept.count, by: File.pageSize) {
                    let takesNew =
                        Bool.random(using: &generator)
                        && !file.dropped.contains(start / File.pageSize)
                    for index in start..<min(start + File.pageSize, kept.count) {
                        let old = index < file.durable.count ? file.durable[index] : 0
                        let new = index < file.bytes.count ? file.bytes[index] : 0
                        kept[index] = takesNew ? new : old
                    }
                }
                file.bytes = kept
                file.durable = kept
                file.dropped = []
                state.files[id] = file
            }
        }
        random = generator
    }

    func contents(_ path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.files[$0]?.bytes } }
    }

    /// Replaces a file, or removes it with `nil`.
    func put(_ path: String, _ bytes: [UInt8]?) {
        state.withLock { state in
            if let old = state.names[path], !state.open.values.contains(old) {
                state.files[old] = nil
            }
            let id = state.nextFile
            state.nextFile += 1
            if let bytes { state.files[id] = File(bytes: bytes, durable: bytes) }
            state.names[path] = bytes.map { _ in id }
            state.durableNames[path] = bytes.map { _ in id }
        }
    }

    /// A disk with the same files.
    func copy() -> SimulatedDisk {
        let copy = SimulatedDisk()
        let (files, names, directories) = state.withLock { ($0.files, $0.names, $0.directories) }
        copy.state.withLock {
            $0.files = files
            $0.names = names
            $0.durableNames = names
            $0.directories = directories
            $0.nextFile = (files.keys.max() ?? 0) + 1
        }
        return copy
    }

    // MARK: Disk

    private func attempt<Value>(
        _ operation: DiskError.Operation, _ path: String,
        _ body: (inout State) throws(DiskError) -> Value
    ) throws(DiskError) -> Value where Value: Sendable {
        try state.withLock { (state) throws(DiskError) in
            try Self.count(&state, operation, path)
            return try body(&state)
        }
    }

    private static func count(
        _ state: inout State, _ operation: DiskError.Operation, _ path: String
    ) throws(DiskError) {
        defer { state.operations += 1 }
        guard let fault = state.fault else { return }
        let fails =
            fault.isPersistent
            ? state.operations >= fault.operation : state.operations == fault.operation
        guard fails else { return }
        state.faultsHit += 1
        throw DiskError(operation: operation, path: path, errno: fault.errno)
    }

    func makeDirectory(_ path: String) throws(DiskError) {
        try attempt(.makeDirectory, path) { (state) throws(DiskError) in
            guard state.directories.insert(path).inserted else {
                throw DiskError(operation: .makeDirectory, path: path, errno: EEXIST)
            }
        }
    }

    func list(_ path: String) throws(DiskError) -> [String] {
        try attempt(.list, path) { (state) throws(DiskError) in
            state.names.keys.filter { $0.hasPrefix(path + "/") }
                .map { String($0.dropFirst(path.utf8.count + 1)) }.sorted()
        }
    }

    func open(_ path: String, _ mode: DiskMode) throws(DiskError) -> DiskFile {
        try attempt(.open, path) { (state) throws(DiskError) in
            if state.names[path] == nil {
                guard mode != .read else {
                    throw DiskError(operation: .open, path: path, errno: ENOENT)
                }
                state.files[state.nextFile] = File()
                state.names[path] = state.nextFile
                state.nextFile += 1
            }
            guard let id = state.names[path] else {
                throw DiskError(operation: .open, path: path, errno: ENOENT)
            }
            if mode == .replace { state.files[id]?.bytes = [] }
            state.nextDescriptor += 1
            state.open[state.nextDescriptor] = id
            return DiskFile(descriptor: state.nextDescriptor, path: path)
        }
    }

    private func id(
        _ state: State, _ operation: DiskError.Operation, _ file: DiskFile
    ) throws(DiskError) -> Int {
        guard let id = state.open[file.descriptor], state.files[id] != nil else {
            throw DiskError(operation: operation, path: file.path, errno: EBADF)
        }
        return id
    }

    func size(of file: DiskFile) throws(DiskError) -> UInt64 {
        try attempt(.size, file.path) { (state) throws(DiskError) in
            UInt64(state.files[try id(state, .size, file)]?.bytes.count ?? 0)
        }
    }

    func read(
        _ file: DiskFile, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let bytes = try attempt(.read, file.path) { (state) throws(DiskError) in
            state.files[try id(state, .read, file)]?.bytes ?? []
        }
        let start = min(Int(offset), bytes.count)
        let count = min(buffer.count, bytes.count - start)
        buffer.copyBytes(from: bytes[start..<start + count])
        return count
    }

    func write(
        _ file: DiskFile, from buffer: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let data = Array(buffer)
        return try state.withLock { (state) throws(DiskError) in
            let id = try id(state, .write, file)
            do throws(DiskError) {
                try Self.count(&state, .write, file.path)
            } catch {
                state.failedWriteSize = data.count
                Self.store(&state, id, data.prefix(state.fault?.kept ?? 0), Int(offset))
                throw error
            }
            Self.store(&state, id, data[...], Int(offset))
            return data.count
        }
    }

    private static func store(
        _ state: inout State, _ id: Int, _ data: ArraySlice<UInt8>, _ offset: Int
    ) {
        guard var bytes = state.files[id]?.bytes, !data.isEmpty else { return }
        let end = offset + data.count
        if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
        bytes.replaceSubrange(offset..<end, with: data)
        state.files[id]?.bytes = bytes
        for page in offset / File.pageSize...(end - 1) / File.pageSize {
            state.files[id]?.dropped.remove(page)
        }
    }

    func sync(_ file: DiskFile) throws(DiskError) {
        let told = try state.withLock { (state) throws(DiskError) in
            let id = try id(state, .sync, file)
            do throws(DiskError) {
                try Self.count(&state, .sync, file.path)
                state.files[id]?.sync()
                return state.onSync
            } catch {
                state.files[id]?.failSync()
                throw error
            }
        }
        told?()
    }

    func truncate(_ file: DiskFile, to size: UInt64) throws(DiskError) {
        try attempt(.truncate, file.path) { (state) throws(DiskError) in
            let id = try id(state, .truncate, file)
            let bytes = state.files[id]?.bytes ?? []
            state.files[id]?.bytes = Array(bytes.prefix(Int(size)))
        }
    }

    func lock(_ file: DiskFile) throws(DiskError) -> Bool {
        try attempt(.lock, file.path) { (state) throws(DiskError) in
            let id = try id(state, .lock, file)
            guard !state.locked.values.contains(id) else { return false }
            state.locked[file.descriptor] = id
            return true
        }
    }

    func release(_ file: DiskFile) {
        state.withLock { $0.locked[file.descriptor] = nil }
        close(file)
    }

    func close(_ file: DiskFile) {
        state.withLock {
            precondition($0.locked[file.descriptor] == nil, "a lock is given up before its file")
            $0.open[file.descriptor] = nil
        }
    }

    func rename(_ path: String, to newPath: String) throws(DiskError) {
        try attempt(.rename, path) { (state) throws(DiskError) in
            state.names[newPath] = state.names[path]
            state.names[path] = nil
        }
    }

    func remove(_ path: String) throws(DiskError) {
        try attempt(.remove, path) { (state) throws(DiskError) in
            guard state.names.removeValue(forKey: path) != nil else {
                throw DiskError(operation: .remove, path: path, errno: ENOENT)
            }
        }
    }

    func syncDirectory(_ path: String) throws(DiskError) {
        try attempt(.syncDirectory, path) { (state) throws(DiskError) in
            state.durableNames = state.names
        }
    }
}
