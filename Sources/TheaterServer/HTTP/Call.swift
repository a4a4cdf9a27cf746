// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TheaterAPI
internal import TheaterManifest
internal import TheaterPlatform

/// One request on its way through the routes.
struct Call: Sendable {
    private let route: RouteTable.Route
    private let places: [String]
    /// The request as it came.
    let request: Request
    /// Its identity.
    let id: String
    /// Who asks.
    let caller: Caller
    /// Whether it has come to its last byte, and its body waits for nobody.
    let isWhole: Bool
    private let query: [(name: String, value: String)]

    /// - Parameters:
    ///   - places: what stands in the path where the route has braces.
    ///   - target: the path with its query.
    init(
        _ route: RouteTable.Route, _ places: [String], _ request: Request, target: String,
        id: String, _ caller: Caller, isWhole: Bool
    ) throws(Problem) {
        self.route = route
        self.places = places
        self.request = request
        self.id = id
        self.caller = caller
        self.isWhole = isWhole
        query = try Self.query(of: target, route.operation)
    }

    /// What is asked.
    var operation: TheaterAPI.Operation { route.operation }

    // MARK: The path and the query

    /// A part of the path.
    func place(_ name: String) -> String {
        route.placeNames.firstIndex(of: name).map { places[$0] } ?? ""
    }

    /// A parameter of the query.
    func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// A whole number of the query, within bounds.
    func integer<Number: FixedWidthInteger>(
        _ name: String, in range: ClosedRange<Number>
    ) throws(Problem) -> Number? {
        guard let text = parameter(name) else { return nil }
        guard let number = Number(text), range.contains(number) else {
            throw Problem(
                .parameter,
                "'\(name)' must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A duration of the query, within bounds.
    func duration(_ name: String, most: Duration) throws(Problem) -> Duration? {
        guard let text = parameter(name) else { return nil }
        guard let duration = DurationText.parse(text), duration >= .zero, duration <= most else {
            throw Problem(
                .parameter,
                "'\(name)' must be a number and ms, s, m or h, as 5s, and at most \(most)")
        }
        return duration
    }

    /// A truth value of the query; `false` without it.
    func flag(_ name: String) throws(Problem) -> Bool {
        guard let text = parameter(name) else { return false }
        guard let value = ["true": true, "false": false][text] else {
            throw Problem(.parameter, "'\(name)' must be true or false")
        }
        return value
    }

    /// Texts of the query that commas separate.
    func list(_ name: String) -> [String] {
        parameter(name)?.split(separator: ",").map(String.init) ?? []
    }

    private static func query(
        of path: String, _ operation: TheaterAPI.Operation
    ) throws(Problem) -> [(name: String, value: String)] {
        guard let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        var query: [(name: String, value: String)] = []
        for part in path[path.index(after: mark)...].split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentText.decode(halves[0], isForm: true),
                let value = PercentText.decode(halves.count > 1 ? halves[1] : "", isForm: true)
            else { throw Problem(.parameter, "the query is not UTF-8 in percent signs") }
            guard operation.parameters.contains(where: { $0.name == name }) else {
                let known = operation.parameters.map(\.name).sorted().joined(separator: ", ")
                throw Problem(
                    .parameter,
                    "'\(name.prefix(64))' is no parameter here; "
                        + (known.isEmpty ? "there are none" : "known are \(known)"))
            }
            guard !query.contains(where: { $0.name == name }) else {
                throw Problem(.parameter, "'\(name)' is given twice")
            }
            query.append((name, value))
        }
        return query
    }

    // MARK: Headers

    /// Whether an answer is wanted as CGRF.
    var wantsCGRF: Bool { wants(MediaType.cgrf) }

    /// Whether a list is wanted as lines.
    var wantsLines: Bool { wants(MediaType.lines) }

    private func wants(_ type: String) -> Bool {
        request.headers[.accept]?.lowercased().contains(type) == true
    }

    /// The media type of the body, without parameters.
    var mediaType: String {
        let type = request.headers[.contentType] ?? ""
        return type.prefix { $0 != ";" }.withoutBlanksAround.lowercased()
    }
}
