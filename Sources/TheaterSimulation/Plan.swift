// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterTesting

/// What a seed makes of a run: the world, the workload and the faults.
///
/// Swarm: each seed leaves most kinds of actions and faults out, so that those it has meet each other
/// more often than they would in the average of everything.
struct Plan {
    /// What the director may do in a step.
    enum Action: CaseIterable {
        case call, storm, send, request, cancel, stop, terminate, restart, spawn, wait, openGate
        case look, shutDown, subscribe, crash, channel
    }

    /// What a guest may do in a call.
    enum Deed: CaseIterable {
        case again, wait, park, gate, deny, breakDown, callBack, reenter, shutDown, send, request
        case openChannel, sendOnChannel, closeChannel
        case error, status, trap, spin
    }

    let order: SimulationExecutor.Order
    let jobCost: Int64
    let stepCount: Int
    let nameCount: Int
    let mailbox: Int
    let callTimeout: Duration
    let fuelPerCall: UInt64
    let fuelPerLife: UInt64?
    let mailboxPolicy: MailboxPolicy
    let watchInterval: Duration?
    /// How long the director may let time pass at once, in milliseconds.
    let pauseMax: Int
    let onErrorContinues: Bool
    /// How many spawns of a hundred make a child of another actor.
    let childShare: Int
    let supervision: SupervisionSettings
    let actions: [(Action, weight: Int)]
    let deeds: [(Deed, weight: Int)]
    /// How many instructions a program may have.
    let programMax: Int

    init(chance: inout SplitMix) {
        order =
            switch chance.next(below: 6) {
            case 0: .newest(50 + chance.next(below: 45))
            case 1: .oldest(50 + chance.next(below: 51))
            default: .any
            }
        jobCost = [0, 0, 1_000, 100_000, 1_000_000][chance.next(below: 5)]
        stepCount = 12 + chance.next(below: 26)
        nameCount = 1 + chance.next(below: 4)
        mailbox = [1, 2, 3, 8, 64][chance.next(below: 5)]
        callTimeout = .milliseconds([5, 20, 100, 1000, 10_000][chance.next(below: 5)])
        fuelPerCall = [60_000, 200_000][chance.next(below: 2)]
        fuelPerLife = [nil, nil, 20_000, 100_000][chance.next(below: 4)]
        mailboxPolicy = MailboxPolicy.allCases[chance.next(below: 2)]
        watchInterval = chance.next(below: 4) == 0 ? .milliseconds(50) : nil
        pauseMax = [0, 2, 30, 300][chance.next(below: 4)]
        onErrorContinues = chance.next(below: 3) == 0
        programMax = chance.next(below: 4)
        childShare = [0, 50, 90][chance.next(below: 3)]
        var supervision = SupervisionSettings()
        supervision.strategy = SupervisionSettings.Strategy.allCases[chance.next(below: 3)]
        supervision.intensity = chance.next(below: 4)
        supervision.period = .milliseconds([20, 500, 10_000][chance.next(below: 3)])
        supervision.backoff.initial = .milliseconds([0, 0, 5][chance.next(below: 3)])
        self.supervision = supervision
        // Where everybody dies young, nothing grows that needs two who live.
        let isGentle = chance.next(below: 4) == 0
        actions = Self.swarm(&chance) { action in
            switch action {
            case .call: 30
            case .storm, .send, .wait: 8
            case .request, .openGate, .crash, .channel: 6
            case .spawn: 4
            case .cancel, .look, .stop, .terminate, .restart, .subscribe: 3
            case .shutDown: 1
            }
        } always: {
            [.call, .spawn].contains($0)
        }.filter { !(isGentle && [.crash, .stop, .terminate, .shutDown].contains($0.0)) }
        deeds = Self.swarm(&chance) { deed in
            switch deed {
            case .again, .wait, .park: 6
            case .openChannel, .sendOnChannel: 5
            case .send, .request, .callBack, .gate: 4
            case .error, .status: 3
            case .closeChannel: 2
            case .trap, .spin, .deny, .breakDown, .reenter, .shutDown: 1
            }
        } always: {
            $0 == .again
        }.filter {
            !(isGentle && [.trap, .spin, .deny, .breakDown, .shutDown].contains($0.0))
        }
    }

    /// Weights for a random half of the kinds.
    private static func swarm<Kind: CaseIterable>(
        _ chance: inout SplitMix, weight: (Kind) -> Int, always: (Kind) -> Bool
    ) -> [(Kind, weight: Int)] {
        Kind.allCases.compactMap { kind in
            let isIn = chance.next(below: 2) == 0
            return isIn || always(kind) ? (kind, weight(kind)) : nil
        }
    }

    /// One of some kinds, by their weights.
    static func pick<Kind>(_ kinds: [(Kind, weight: Int)], _ chance: inout SplitMix) -> Kind {
        var rest = chance.next(below: kinds.reduce(0) { $0 + $1.weight })
        for (kind, weight) in kinds {
            rest -= weight
            if rest < 0 { return kind }
        }
        return kinds[0].0
    }
}
