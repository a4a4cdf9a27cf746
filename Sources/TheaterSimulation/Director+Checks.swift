// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform
internal import TheaterRuntime

/// What holds at any time of a run.
extension Director {
    func check() {
        for info in system.actors() where info.mailboxDepth > plan.mailbox {
            // Callbacks wait beside what others send.
            let callbacks = history.operations.count {
                $0.kind == .callBack && $0.target == info.id && $0.answerCount == 0
            }
            let notices = script.channels.noticesDue(info.id)
            if info.mailboxDepth > plan.mailbox + callbacks + notices {
                history.report("\(info.id) has \(info.mailboxDepth) of \(plan.mailbox) waiting")
            }
        }
        checkTree()
    }

    /// Every live actor stands in the tree once, below its parent.
    private func checkTree() {
        let infos = system.actors()
        var seen: Set<ActorID> = []
        func visit(_ tree: ActorTree, below parent: ActorID?) {
            if !seen.insert(tree.id).inserted {
                history.report("\(tree.id) stands in the tree twice")
            }
            if let known = history.actor(tree.id), known.parent != parent {
                history.report("\(tree.id) stands below another than its parent")
            }
            for child in tree.children { visit(child, below: tree.id) }
        }
        for tree in system.tree() { visit(tree, below: nil) }
        for info in infos where !seen.contains(info.id) {
            history.report("\(info.id) lives without a place in the tree")
        }
    }

    func checkEnd(_ known: Known) {
        // It may live again already.
        if let info = system.actors().first(where: { $0.id == known.id }) {
            if info.status == .stopping, !known.isRestarted, known.parent == nil {
                history.report("\(known.id) is said to have ended and still ends")
            }
            return
        }
        if script.open[known.id, default: 0] != 0, !script.isSlow(known.name) {
            history.report("\(known.id) ended before its handler was closed")
        }
        if known.parent == nil, system.actor(named: known.name) == known.id,
            system.status(of: known.id) != .restarting
        {
            history.report("\(known.id) ended and keeps its name")
        }
    }
}
