// SPDX-License-Identifier: Apache-2.0

internal import Hummingbird
internal import TheaterAPI

/// Giving tokens and taking them back.
struct TokenRoutes: Sendable {
    let tokens: TokenStore
    let bodies: Bodies
    let life: ServerLife

    func list() -> Response {
        Answer.json(["tokens": .array(tokens.list.map(\.json))])
    }

    func create(_ call: Call) async throws(Problem) -> Response {
        let json = try await bodies.json(of: call)
        let name: String
        let wanted: String
        do throws(JSONError) {
            var fields = try JSONFields(json)
            name = try fields.string("name")
            wanted = try fields.string("scope")
            try fields.finish()
        } catch {
            throw Problem(.body, "\(error)")
        }
        guard let scope = Scope(rawValue: wanted) else {
            let known = Scope.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.body, "'\(wanted.prefix(64))' is no scope; known are \(known)")
        }
        let (token, entry) = try await tokens.create(name: name, scope: scope)
        let members = entry.json.members ?? []
        return Answer.json(.object(members + [.init("token", .string(token))]), status: 201)
    }

    func revoke(_ call: Call) async throws(Problem) -> Response {
        let name = call.place("token")
        try await tokens.revoke(name)
        life.endStreams(of: name)
        return Answer.nothing(status: 204)
    }
}
