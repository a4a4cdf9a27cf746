// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// The bounds of a store.
public struct StoreOptions: Sendable {
    /// The largest blob in bytes; it is in memory as a whole while it is stored or read.
    public var contentSizeMax = 256 << 20
    /// The most entries of all namespaces together: pieces of content and labels. A few
    /// hundred bytes of memory each.
    public var entriesMax = 2_000_000
    /// The most bytes that a store in memory holds.
    public var memorySizeMax: UInt64 = 256 << 20
    /// The most operations that may wait for a thread.
    public var waitingMax = 4096
    /// The most threads that work on the disk at once.
    public var threadsMax = 4
    /// The clock that tells how old content is.
    public var world = World.system

    /// The defaults.
    public init() {}
}

/// What a namespace may hold.
public struct StoreQuota: Sendable, Hashable {
    /// The most bytes of content.
    public var sizeMax: UInt64
    /// The most pieces of content; labels are bounded by the same number.
    public var countMax: Int

    /// Makes a quota.
    public init(sizeMax: UInt64, countMax: Int) {
        self.sizeMax = sizeMax
        self.countMax = countMax
    }

    /// No bound but the store's.
    public static let unlimited = StoreQuota(sizeMax: .max, countMax: .max)
}

/// What a namespace holds.
public struct StoreUsage: Sendable, Hashable {
    /// The namespace.
    public let namespace: StoreNamespace
    /// How many bytes of content.
    public let size: UInt64
    /// How many pieces of content.
    public let count: Int
    /// How many labels.
    public let labelCount: Int
}
