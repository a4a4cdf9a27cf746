// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Finds what a method and a path mean: a tree with a level for each part of the path.
struct RouteTable: Sendable {
    /// An operation and the names of what stands in braces in its path, in order.
    final class Route: Sendable {
        let operation: TheaterAPI.Operation
        let placeNames: [String]

        fileprivate init(_ operation: TheaterAPI.Operation, placeNames: [String]) {
            self.operation = operation
            self.placeNames = placeNames
        }
    }

    /// What was found.
    enum Match: Sendable {
        /// A route, with what stands in the path where the route has braces.
        case found(Route, places: [String])
        /// The path exists, with other methods.
        case otherMethods([String])
        /// Nothing is there.
        case nothing
    }

    /// A part of the path of a route.
    private enum Part: Sendable, Hashable {
        /// It is spelled so.
        case word(String)
        /// It stands in braces: anything may be there.
        case place

        init(_ text: Substring) { self = text.first == "{" ? .place : .word(String(text)) }
    }

    /// Where the paths meet that begin alike.
    private final class Node: Sendable {
        /// The routes that end here, by method.
        let routes: [String: Route]
        let words: [String: Node]
        let place: Node?

        init(_ routes: [(route: Route, rest: ArraySlice<Part>)]) {
            var ended: [String: Route] = [:]
            var further: [Part: [(Route, ArraySlice<Part>)]] = [:]
            for (route, rest) in routes {
                if let part = rest.first {
                    further[part, default: []].append((route, rest.dropFirst()))
                } else {
                    ended[route.operation.method.rawValue] = route
                }
            }
            var words: [String: Node] = [:]
            var place: Node?
            for (part, routes) in further {
                switch part {
                case .word(let word): words[word] = Node(routes)
                case .place: place = Node(routes)
                }
            }
            (self.routes, self.words, self.place) = (ended, words, place)
        }

        /// Collects where the rest of a path may end.
        func follow(
            _ rest: Substring.UTF8View, _ places: [String],
            _ ends: inout [(node: Node, places: [String])]
        ) {
            let slash = rest.firstIndex(of: UInt8(ascii: "/"))
            let part = Substring(rest[..<(slash ?? rest.endIndex)])
            func goOn(_ node: Node, _ places: [String]) {
                if let slash {
                    node.follow(rest[rest.index(after: slash)...], places, &ends)
                } else if !node.routes.isEmpty {
                    ends.append((node, places))
                }
            }
            if !words.isEmpty, let node = words[String(part)] { goOn(node, places) }
            if let place, !part.isEmpty, let text = PercentText.decode(part) {
                goOn(place, places + [text])
            }
        }
    }

    private let root: Node

    init(_ operations: [TheaterAPI.Operation] = TheaterAPI.Operation.all) {
        root = Node(
            operations.map { operation in
                let parts = operation.path.dropFirst().split(
                    separator: "/", omittingEmptySubsequences: false)
                let names = parts.filter { Part($0) == .place }.map {
                    String($0.dropFirst().dropLast())
                }
                return (Route(operation, placeNames: names), parts.map(Part.init)[...])
            })
    }

    /// Looks up a path without its query.
    func match(method: String, path: Substring) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        var ends: [(node: Node, places: [String])] = []
        root.follow(path.utf8.dropFirst(), [], &ends)
        // A route that spells a part goes before one that takes anything there.
        var best: (route: Route, places: [String])?
        for (node, places) in ends {
            guard let route = node.routes[method] else { continue }
            if best.map({ places.count < $0.places.count }) ?? true { best = (route, places) }
        }
        if let best { return .found(best.route, places: best.places) }
        return ends.isEmpty ? .nothing : .otherMethods(ends.flatMap(\.node.routes.keys).sorted())
    }
}
