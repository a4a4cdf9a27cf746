// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing
import TheaterPlatform

@testable import TheaterStore

/// A folder that goes away with the test.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/theater-store-\(ActorID.random())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var store: String { path + "/store" }
    var catalogue: String { store + "/catalogue" }

    func blob(_ id: ContentID) -> String { store + "/blobs/" + "\(id)".prefix(2) + "/\(id)" }

    func read(_ file: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: file)))
    }

    func write(_ bytes: [UInt8], to file: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file))
    }

    /// The paths of all files, below the store, sorted.
    func files() throws -> [String] {
        let all = try FileManager.default.subpathsOfDirectory(atPath: store)
        return all.filter { name in
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: store + "/" + name, isDirectory: &isFolder)
            return !isFolder.boolValue
        }.sorted()
    }

    /// A copy of the folder.
    func copy() throws -> Folder {
        let copy = try Folder()
        try FileManager.default.copyItem(atPath: store, toPath: copy.store)
        return copy
    }

    func open(_ options: StoreOptions = StoreOptions(), disk: any Disk = SystemDisk()) throws
        -> ContentStore
    {
        try ContentStore.open(directory: store, options: options, disk: disk)
    }
}

/// A clock that stands until it is moved.
final class StandingClock: SimulatedClock {
    private let time = Mutex<Int64>(1_000_000_000_000_000_000)

    func monotonic() -> MonotonicTime { MonotonicTime(nanoseconds: time.withLock { $0 }) }
    func wall() -> WallTime { WallTime(nanoseconds: time.withLock { $0 }) }
    func sleep(until time: MonotonicTime) async throws {}
    func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }

    private final class AtOnce: TaskExecutor {
        func enqueue(_ job: consuming ExecutorJob) {
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    /// Options with this clock.
    var options: StoreOptions {
        var options = StoreOptions()
        options.world = World(clock: self, words: { 4 }, executor: AtOnce())
        return options
    }
}

/// The two kinds of store, which behave alike.
enum Kind: String, CaseIterable, CustomTestStringConvertible {
    case memory, disk

    var testDescription: String { rawValue }

    /// Makes a store and runs a test with it.
    func withStore(
        _ options: StoreOptions = StoreOptions(), _ body: (ContentStore) throws -> Void
    ) throws {
        switch self {
        case .memory: try body(.inMemory(options: options))
        case .disk:
            let folder = try Folder()
            let store = try folder.open(options)
            try body(store)
            store.close()
        }
    }
}

func space(_ name: String) throws -> StoreNamespace { try #require(StoreNamespace(name)) }
func label(_ text: String) throws -> StoreLabel { try #require(StoreLabel(text)) }
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The code of the error that some work ends with.
func code(_ body: () throws -> Void) -> StoreError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? StoreError)?.code
    }
}
