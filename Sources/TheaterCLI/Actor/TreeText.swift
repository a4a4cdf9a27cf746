// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform
internal import TheaterRuntime

/// A tree of actors as lines for people.
enum TreeText {
    /// One line for each actor, children below their parent.
    static func lines(_ tree: ActorTree) -> [String] {
        var lines = [line(tree)]
        add(tree.children, indent: "", &lines)
        return lines
    }

    private static func add(_ children: [ActorTree], indent: String, _ lines: inout [String]) {
        for (index, child) in children.enumerated() {
            let isLast = index == children.count - 1
            lines.append(indent + (isLast ? "└─ " : "├─ ") + line(child))
            add(child.children, indent: indent + (isLast ? "   " : "│  "), &lines)
        }
    }

    private static func line(_ tree: ActorTree) -> String {
        let restarts =
            tree.restarts == 0
            ? "" : ", started again \(tree.restarts == 1 ? "once" : "\(tree.restarts) times")"
        return "\(tree.name) (\(tree.id)) \(tree.status)\(restarts)"
    }

    /// Whether an actor of the tree was started again.
    static func hasRestarts(_ tree: ActorTree) -> Bool {
        tree.restarts > 0 || tree.children.contains(where: hasRestarts)
    }
}
