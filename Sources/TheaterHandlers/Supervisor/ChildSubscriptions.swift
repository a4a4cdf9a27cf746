// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

/// The children that one actor listens to. Whoever is over, or cannot be heard any more, leaves by itself.
final class ChildSubscriptions: Sendable {
    private struct Entry {
        /// Tells this subscription from an earlier one to the same child.
        let number: UInt64
        var subscription: ChildSubscription?
    }

    private struct State {
        var entries: [ActorID: Entry] = [:]
        var last: UInt64 = 0
        var isClosed = false
    }

    static let callback = "\(ChildNotices.interface).handle-child-event"

    private let context: HandlerContext
    private let port: any SupervisionPort
    private let state = Mutex(State())

    init(_ context: HandlerContext, _ port: any SupervisionPort) {
        self.context = context
        self.port = port
    }

    /// How many there are.
    var count: Int { state.withLock { $0.entries.count } }

    /// Begins to listen to a child; without effect for one that is listened to already.
    func add(_ child: ActorID) -> HostError? {
        let number = state.withLock { state -> UInt64? in
            guard !state.isClosed, state.entries[child] == nil else { return nil }
            state.last += 1
            state.entries[child] = Entry(number: state.last)
            return state.last
        }
        guard let number else { return nil }
        let made = port.subscribe(
            to: child, parent: context.actorID,
            sink: { [weak self] event in await self?.tell(child, number, event) },
            ended: { [weak self] in self?.forget(child, number) })
        switch made {
        case .failure(let error):
            forget(child, number)
            return error
        case .success(let subscription):
            let isWanted = state.withLock { state in
                guard state.entries[child]?.number == number else { return false }
                state.entries[child]?.subscription = subscription
                return true
            }
            if !isWanted { subscription.cancel() }
            return nil
        }
    }

    /// Listens to a child no more.
    func remove(_ child: ActorID) {
        state.withLock { $0.entries.removeValue(forKey: child) }?.subscription?.cancel()
    }

    /// Ends all.
    func close() {
        let entries = state.withLock { state in
            state.isClosed = true
            defer { state.entries = [:] }
            return state.entries.values.compactMap(\.subscription)
        }
        for subscription in entries { subscription.cancel() }
    }

    private func forget(_ child: ActorID, _ number: UInt64) {
        state.withLock { state in
            if state.entries[child]?.number == number { state.entries[child] = nil }
        }
    }

    private func isWanted(_ child: ActorID, _ number: UInt64) -> Bool {
        state.withLock { $0.entries[child]?.number == number }
    }

    private func tell(_ child: ActorID, _ number: UInt64, _ event: ChildEvent) async {
        let (type, data): (String, [UInt8]) =
            switch event {
            case .event(let type, let payload): (type, payload)
            case .gap(let count): ("theater-runtime/gap", Array("\(count)".utf8))
            case .broken(let reason): ("theater-runtime/broken", Array(reason.utf8))
            }
        if case .broken(let reason) = event {
            context.logger.warning(
                "the events of the child \(child) cannot be read any more: \(reason)")
        }
        _ = await context.cell.callBack(
            Self.callback, [.string(child.description), .string(type), .bytes(data)],
            while: { self.isWanted(child, number) })
    }
}
