// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import Synchronization
internal import TheaterHandler
internal import TheaterPlatform
internal import TheaterValue

/// How the lives of one actor's children ended, told to it one after the other.
final class ChildNotices: Sendable {
    static let interface = "theater:simple/supervisor-handlers"

    private enum Item {
        case notice(ChildNotice)
        /// So many were dropped before the next one.
        case missed(Int)
    }

    private struct State {
        var notices: [ChildNotice] = []
        /// How many of `notices` are taken.
        var first = 0
        var missed = 0
        var isTelling = false
        var isClosed = false
        var task: Task<Void, Never>?

        mutating func take() -> ChildNotice? {
            guard first < notices.count else { return nil }
            let notice = notices[first]
            first += 1
            if first > 64, first * 2 > notices.count {
                notices.removeFirst(first)
                first = 0
            }
            return notice
        }
    }

    private let context: HandlerContext
    private let port: any SupervisionPort
    private let countMax: Int
    private let state = Mutex(State())

    init(_ context: HandlerContext, _ port: any SupervisionPort, countMax: Int) {
        self.context = context
        self.port = port
        self.countMax = countMax
    }

    /// Takes one in. The oldest makes room when too many wait.
    func add(_ notice: ChildNotice) {
        let (mustStart, misses) = state.withLock { state in
            guard !state.isClosed else { return (false, 0) }
            if state.notices.count - state.first >= countMax {
                _ = state.take()
                state.missed += 1
            }
            let misses = state.missed
            state.notices.append(notice)
            defer { state.isTelling = true }
            return (!state.isTelling, misses)
        }
        if misses > 0 { port.missed(1, by: context.actorID) }
        if misses == 1 {
            context.logger.warning(
                """
                the actor takes too long to hear of its children: \(countMax) of their ends wait, and \
                the oldest are dropped
                """)
        }
        guard mustStart else { return }
        let task = context.world.start { [weak self] in await self?.tell() }
        state.withLock { $0.task = task }
    }

    /// Tells no more.
    func close() {
        let task = state.withLock { state in
            state.isClosed = true
            state.notices = []
            state.first = 0
            return state.task
        }
        task?.cancel()
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    private func tell() async {
        while let item = next() {
            let (function, arguments) = callback(item)
            guard context.cell.exports(function) else { continue }
            let result = await context.cell.callBack(
                function, arguments, while: { !self.isClosed })
            if case .failure(let error) = result, error.code != .ended {
                context.logger.warning("the callback \(function) failed: \(error.message)")
            }
        }
    }

    private func next() -> Item? {
        state.withLock { state in
            if !state.isClosed, state.missed > 0 {
                defer { state.missed = 0 }
                return .missed(state.missed)
            }
            if !state.isClosed, let notice = state.take() { return .notice(notice) }
            state.isTelling = false
            return nil
        }
    }

    // MARK: Values

    private func callback(_ item: Item) -> (String, [Value]) {
        switch item {
        case .missed(let count):
            context.logger.warning("the actor was not told of \(count) ends of its children")
            return (
                ChildSubscriptions.callback,
                [
                    .string(context.actorID.description),
                    .string("theater-runtime/notices-lost"), .bytes(Array("\(count)".utf8)),
                ]
            )
        case .notice(.exited(let child, let result)):
            return (
                "\(Self.interface).handle-child-exit",
                [
                    .string(child.description),
                    .option(.list(.primitive(.u8)), result.map { .bytes($0) }),
                ]
            )
        case .notice(.stopped(let child)):
            return (
                "\(Self.interface).handle-child-external-stop", [.string(child.description)]
            )
        case .notice(.failed(let child, let failure, let code, let message)):
            return (
                "\(Self.interface).handle-child-error",
                [.string(child.description), Self.error(failure, "\(message) [\(code)]")]
            )
        }
    }

    private static func error(_ failure: ChildFailure, _ text: String) -> Value {
        let (name, tag): (String, UInt32) =
            switch failure {
            case .timeout: ("operation-timeout", 0)
            case .shuttingDown: ("shutting-down", 2)
            case .wrongType: ("type-mismatch", 4)
            case .other: ("internal", 5)
            }
        return .record(
            Value.Record(
                "wit-actor-error",
                [
                    .init(
                        "error-type", .variant(Value.Variant("wit-error-type", name, tag: tag))),
                    .init("data", .option(.list(.primitive(.u8)), .bytes(Array(text.utf8)))),
                ]))
    }
}
