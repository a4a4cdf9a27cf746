// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterManifest
internal import TheaterPlatform
internal import TheaterRuntime
internal import TheaterTesting
internal import TheaterValue

/// What actors are told to do.
extension Director {
    func program(isStart: Bool = false) -> Program {
        var program = Program()
        let count = plan.programMax == 0 ? 0 : chance.next(below: plan.programMax + 1)
        for _ in 0..<count {
            switch Plan.pick(plan.deeds, &chance) {
            case .again: program.instructions.append(.again)
            case .wait: program.instructions.append(.wait(time()))
            case .park: program.instructions.append(.park(time()))
            case .gate: program.instructions.append(.gate)
            case .deny: program.instructions.append(.deny)
            case .breakDown: program.instructions.append(.breakDown)
            case .callBack: if !isStart { program.instructions.append(.callBack(0)) }
            case .reenter: if !isStart { program.instructions.append(.reenter(0)) }
            case .shutDown: program.instructions.append(.shutDown)
            case .send: if !isStart { use(.send, &program) }
            case .request: if !isStart { use(.request, &program) }
            case .openChannel:
                guard !isStart else { continue }
                program.instructions.append(
                    .openChannel(
                        chance.next(below: 64), isAccepted: chance.next(below: 4) > 0))
            case .sendOnChannel:
                program.instructions.append(.sendOnChannel(chance.next(below: 64)))
            case .closeChannel:
                program.instructions.append(.closeChannel(chance.next(below: 64)))
            case .error: program.ending = .error
            case .status: program.ending = .status
            case .trap: program.ending = .trap
            case .spin: program.ending = .spin
            }
        }
        return program
    }

    /// The guest itself sends to another actor.
    private func use(_ function: HostFunction, _ program: inout Program) {
        guard let target = anyActor() else { return }
        // Only what the guest itself reports could say when it was sent: it is no operation.
        program.instructions.append(
            .use(function, .tuple([.string("\(target)"), .bytes(ScriptHandler.body(0))])))
    }

    func time() -> Duration { .milliseconds(chance.next(below: 30)) }
}
