// SPDX-License-Identifier: Apache-2.0

internal import TheaterManifest
internal import TheaterPlatform

/// Which actors there are: the live ones, the tree, and the newest of those that are over.
struct Roster {
    /// How many ended actors are remembered with their reason; the oldest is forgotten first.
    static let endedMax = 10_000

    private(set) var cells: [ActorID: Cell] = [:]
    private(set) var names: [String: ActorID] = [:]
    private(set) var lineages: [ActorID: Lineage] = [:]
    private(set) var ended: [ActorID: (name: String, reason: ExitReason)] = [:]
    /// Those whose ends are being carried out: they have no more children.
    private var ending: Set<ActorID> = []
    private var endedOrder: [ActorID] = []
    private var endedFirst = 0
    var isShuttingDown = false
    /// Whether no more actors without a parent are taken in.
    var refusesRoots = false

    /// The live actors, in an order that does not depend on the process.
    var ordered: [Cell] { cells.values.sorted { $0.id < $1.id } }

    /// The live actors of trees whose root is durable, or of the others.
    func cells(isDurable: Bool) -> [Cell] {
        ordered.filter { cell in
            var root = cell
            var above = lineages[cell.id]?.parent
            while let lineage = above {
                root = cells[lineage.id] ?? root
                above = lineage.parent
            }
            return root.manifest.chain.isDurable == isDurable
        }
    }

    /// Takes a name for an actor, unless another has it.
    mutating func reserve(
        _ name: String, for id: ActorID, isRoot: Bool = false
    ) -> ActorError? {
        if isShuttingDown || isRoot && refusesRoots { return Self.shuttingDown }
        if let holder = names[name], holder != id {
            return ActorError(
                .nameTaken,
                "the name '\(name)' is taken by actor \(holder); stop that one, or choose another "
                    + "name")
        }
        names[name] = id
        return nil
    }

    mutating func release(_ name: String, of id: ActorID) {
        if names[name] == id { names[name] = nil }
    }

    /// Takes a live actor in.
    ///
    /// - Returns: whether actors are still taken in.
    mutating func admit(_ cell: Cell, _ lineage: Lineage?) -> Bool {
        guard !isShuttingDown else { return false }
        cells[cell.id] = cell
        if let lineage { lineages[cell.id] = lineage }
        return true
    }

    /// The place of a live actor in the tree, made when it is first wanted; `nil` when its end is being
    /// carried out.
    mutating func lineage(of cell: Cell) -> Lineage? {
        guard cells[cell.id] === cell, !ending.contains(cell.id) else { return nil }
        if let known = lineages[cell.id] { return known }
        let made = Lineage(
            cell.id, parent: nil, spec: ChildSpec(), blueprint: cell.blueprint, lives: 1)
        lineages[cell.id] = made
        return made
    }

    /// The end of a life begins: from now on it gets no more children.
    mutating func beginEnd(_ cell: Cell) -> Lineage? {
        guard cells[cell.id] === cell else { return nil }
        ending.insert(cell.id)
        return lineages[cell.id]
    }

    /// A life is over. A child's name stays reserved until its parent forgets it, and that of a root
    /// that somebody starts again until this is done.
    mutating func end(_ cell: Cell, _ reason: ExitReason) -> Lineage? {
        let lineage = lineages[cell.id]
        cells[cell.id] = nil
        ending.remove(cell.id)
        if lineage?.parent == nil, lineage?.isRestarting != true { forget(cell.id, cell.name) }
        if ended.updateValue((cell.name, Self.kept(reason)), forKey: cell.id) == nil {
            endedOrder.append(cell.id)
        }
        if endedOrder.count - endedFirst > Self.endedMax {
            ended[endedOrder[endedFirst]] = nil
            endedFirst += 1
            if endedFirst > Self.endedMax {
                endedOrder.removeFirst(endedFirst)
                endedFirst = 0
            }
        }
        return lineage
    }

    /// An actor will not live again.
    mutating func forget(_ id: ActorID, _ name: String) {
        release(name, of: id)
        lineages[id] = nil
    }

    /// A root was started again, or was not.
    mutating func endRestart(_ lineage: Lineage, _ name: String) {
        lineage.endRestart()
        if cells[lineage.id] == nil { forget(lineage.id, name) }
    }

    /// An ended actor's reason as it is remembered: a result over 4 KiB is in the chain alone.
    private static func kept(_ reason: ExitReason) -> ExitReason {
        if case .completed(let result?) = reason, result.count > 4096 { return .completed(nil) }
        return reason
    }

    static let shuttingDown = ActorError(
        .shuttingDown, "the node is shutting down and starts no more actors")
}
