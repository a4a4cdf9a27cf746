// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TheaterAPI
internal import TheaterManifest
internal import TheaterPlatform

/// One request on its way through the routes.
struct Call: Sendable {
    /// What is asked.
    let operation: TheaterAPI.Operation
    /// The parts of the path that stand in braces, by name.
    let places: [String: String]
    /// The request as it came.
    let request: Request
    /// Its identity.
    let id: String
    /// Who asks.
    let caller: Caller
    /// Whether it has come to its last byte, and its body waits for nobody.
    let isWhole: Bool
    private let query: [(name: String, value: String)]

    init(
        _ operation: TheaterAPI.Operation, _ places: [String: String], _ request: Request,
        id: String, _ caller: Caller, isWhole: Bool
    ) throws(Problem) {
        self.operation = operation
        self.places = places
        self.request = request
        self.id = id
        self.caller = caller
        self.isWhole = isWhole
        query = try Self.query(of: request.head.path ?? "", operation)
    }

    // MARK: The path and the query

    /// A part of the path.
    func place(_ name: String) -> String { places[name] ?? "" }

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
        guard let mark = path.firstIndex(of: "?") else { return [] }
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
    var wantsCGRF: Bool {
        request.headers[.accept]?.lowercased().contains(MediaType.cgrf) == true
    }

    /// The media type of the body, without parameters.
    var mediaType: String {
        let type = request.headers[.contentType] ?? ""
        return type.prefix { $0 != ";" }.withoutBlanksAround.lowercased()
    }
}
