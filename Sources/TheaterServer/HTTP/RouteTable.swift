// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// Finds what a method and a path mean.
struct RouteTable: Sendable {
    /// What was found.
    enum Match: Sendable {
        /// An operation, with the parts of the path that stand in braces.
        case found(TheaterAPI.Operation, [String: String])
        /// The path exists, with other methods.
        case otherMethods([String])
        /// Nothing is there.
        case nothing
    }

    private struct Route: Sendable {
        let operation: TheaterAPI.Operation
        let parts: [Substring]
    }

    /// The routes, by how many parts their paths have.
    private let routes: [Int: [Route]]

    init(_ operations: [TheaterAPI.Operation] = TheaterAPI.Operation.all) {
        routes = Dictionary(
            grouping: operations.map {
                Route(
                    operation: $0,
                    parts: $0.path.dropFirst().split(
                        separator: "/", omittingEmptySubsequences: false))
            }, by: \.parts.count)
    }

    /// Looks up a path without its query.
    func match(method: String, path: Substring) -> Match {
        guard path.first == "/" else { return .nothing }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        var methods: [String] = []
        // A route that spells a part goes before one that takes anything there.
        var best: (route: Route, places: [String: String])?
        for route in routes[parts.count] ?? [] {
            guard let places = Self.places(route.parts, parts) else { continue }
            methods.append(route.operation.method.rawValue)
            guard route.operation.method.rawValue == method else { continue }
            if best.map({ places.count < $0.places.count }) ?? true { best = (route, places) }
        }
        if let best { return .found(best.route.operation, best.places) }
        return methods.isEmpty ? .nothing : .otherMethods(methods.sorted())
    }

    private static func places(
        _ pattern: [Substring], _ parts: [Substring]
    ) -> [String: String]? {
        var places: [String: String] = [:]
        for (wanted, part) in zip(pattern, parts) {
            if wanted.first == "{" {
                guard !part.isEmpty, let text = PercentText.decode(part) else { return nil }
                places[String(wanted.dropFirst().dropLast())] = text
            } else if wanted != part {
                return nil
            }
        }
        return places
    }
}
