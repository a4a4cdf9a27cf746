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

    /// A part of the path of a route.
    private enum Part: Sendable {
        /// It is spelled so.
        case word(Substring)
        /// It stands in braces: anything may be there.
        case place(String)
    }

    private struct Route: Sendable {
        let operation: TheaterAPI.Operation
        let parts: [Part]
        let placeCount: Int

        init(_ operation: TheaterAPI.Operation) {
            self.operation = operation
            parts = operation.path.dropFirst().split(
                separator: "/", omittingEmptySubsequences: false
            ).map { $0.first == "{" ? .place(String($0.dropFirst().dropLast())) : .word($0) }
            placeCount = parts.count { if case .place = $0 { true } else { false } }
        }

        /// Whether a path is of this route.
        func fits(_ path: [Substring], _ texts: [String?]) -> Bool {
            for (index, part) in parts.enumerated() {
                switch part {
                case .word(let word): if word != path[index] { return false }
                case .place: if texts[index]?.isEmpty ?? true { return false }
                }
            }
            return true
        }

        /// The parts that stand in braces.
        func places(_ texts: [String?]) -> [String: String] {
            var places: [String: String] = [:]
            for (part, text) in zip(parts, texts) {
                if case .place(let name) = part { places[name] = text }
            }
            return places
        }
    }

    /// The routes, by how many parts their paths have.
    private let routes: [Int: [Route]]

    init(_ operations: [TheaterAPI.Operation] = TheaterAPI.Operation.all) {
        routes = Dictionary(grouping: operations.map(Route.init), by: \.parts.count)
    }

    /// Looks up a path without its query.
    func match(method: String, path: Substring) -> Match {
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard let candidates = routes[parts.count] else { return .nothing }
        let texts = parts.map { PercentText.decode($0) }
        var methods: [String] = []
        // A route that spells a part goes before one that takes anything there.
        var best: Route?
        for route in candidates where route.fits(parts, texts) {
            methods.append(route.operation.method.rawValue)
            guard route.operation.method.rawValue == method else { continue }
            if best.map({ route.placeCount < $0.placeCount }) ?? true { best = route }
        }
        if let best { return .found(best.operation, best.places(texts)) }
        return methods.isEmpty ? .nothing : .otherMethods(methods.sorted())
    }
}
