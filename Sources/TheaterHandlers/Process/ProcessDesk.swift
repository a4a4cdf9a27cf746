// SPDX-License-Identifier: Apache-2.0

/// The processes of one actor: which there are, which there were, and how many there may be.
struct ProcessDesk<Session> {
    /// What is known of a process.
    struct Record: Sendable, Hashable {
        /// The actor's number for it.
        let id: UInt64
        /// When it was started, in milliseconds since 1970.
        var startTime: UInt64
        /// How it ended: the code, or less than zero for a signal. `nil` while it runs.
        var exitCode: Int32?
    }

    /// How many processes that are over are remembered.
    static var endedMax: Int { 64 }

    /// Why there is no further process.
    enum Refusal: Hashable {
        case tooMany
        case closed
    }

    private let countMax: Int
    private var live: [UInt64: (session: Session, record: Record)] = [:]
    /// The oldest first.
    private var ended: [Record] = []
    private var last: UInt64 = 0
    private(set) var isClosed = false

    init(countMax: Int) { self.countMax = countMax }

    /// How many processes there are, those that begin or end included.
    var count: Int { live.count }

    /// Whether a number was ever given out.
    func wasGiven(_ id: UInt64) -> Bool { id > 0 && id <= last }

    /// Takes a number, which is never given out again, and the place of a process.
    mutating func add(
        startTime: UInt64, _ make: (UInt64) -> Session
    ) -> Result<Session, RefusalError> {
        guard !isClosed else { return .failure(RefusalError(refusal: .closed)) }
        guard live.count < countMax else { return .failure(RefusalError(refusal: .tooMany)) }
        last += 1
        let session = make(last)
        live[last] = (session, Record(id: last, startTime: startTime, exitCode: nil))
        return .success(session)
    }

    struct RefusalError: Error {
        let refusal: Refusal
    }

    /// Notes how a process ended. It keeps its place until all that it started is gone.
    mutating func exited(_ id: UInt64, _ code: Int32) { live[id]?.record.exitCode = code }

    /// Gives the place of a process back. One that never ran is forgotten.
    mutating func remove(_ id: UInt64) {
        guard let record = live.removeValue(forKey: id)?.record, record.exitCode != nil else {
            return
        }
        ended.append(record)
        if ended.count > Self.endedMax { ended.removeFirst() }
    }

    func session(_ id: UInt64) -> Session? { live[id]?.session }

    func record(_ id: UInt64) -> Record? {
        live[id]?.record ?? ended.first { $0.id == id }
    }

    /// Every process that is known, in the order in which they were started.
    var records: [Record] { (ended + live.values.map(\.record)).sorted { $0.id < $1.id } }

    /// Takes no further process.
    ///
    /// - Returns: those there are, in order.
    mutating func close() -> [Session] {
        isClosed = true
        return live.sorted { $0.key < $1.key }.map(\.value.session)
    }
}
