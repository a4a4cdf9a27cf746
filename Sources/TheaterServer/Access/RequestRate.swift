// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterAPI
internal import TheaterPlatform

/// How often each token may ask: so many times in a second for long, and twice that at once.
///
/// The owner of the socket is the node's own user, and is not counted; nor are the questions that need no
/// credential, so that nobody makes a node look ill by asking often.
final class RequestRate: Sendable {
    private struct Bucket {
        /// How many requests it may make at once, in billionths.
        var credit: Int64
        var seen: MonotonicTime
    }

    /// Of how many credentials the counts are kept; more than there may be tokens.
    private static let bucketsMax = TokenStore.countMax * 2
    private static let one: Int64 = 1_000_000_000

    private let perSecond: Int64
    private let world: World
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter perSecond: zero for no bound.
    init(perSecond: Int, world: World) {
        self.perSecond = Int64(clamping: min(max(0, perSecond), 1_000_000))
        self.world = world
    }

    /// Counts a request.
    ///
    /// - Throws: `api.rate` when it is one too many.
    func take(_ credential: Credential?) throws(Problem) {
        guard let credential, !allows(credential) else { return }
        throw Problem(
            .rate,
            "'\(credential.name)' asks more than \(perSecond) times in a second; wait a second")
    }

    /// Counts a request, if it is not one too many.
    func allows(_ credential: Credential) -> Bool {
        guard perSecond > 0, credential != .owner else { return true }
        let now = world.now()
        return buckets.withLock { buckets -> Bool in
            let most = perSecond * 2 * Self.one
            var bucket = buckets[credential.name] ?? Bucket(credit: most, seen: now)
            // A second or more fills half of it or more, so longer times need no larger numbers.
            let passed = min(max(0, now.nanoseconds - bucket.seen.nanoseconds), 2 * Self.one)
            bucket.credit = min(most, bucket.credit + passed * perSecond)
            bucket.seen = now
            defer { buckets[credential.name] = bucket }
            // Of tokens that are no more.
            if buckets.count >= Self.bucketsMax { buckets.removeAll() }
            guard bucket.credit >= Self.one else { return false }
            bucket.credit -= Self.one
            return true
        }
    }
}
