// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI

/// What commands print with `--json`: the same texts as the API's.
typealias JSON = JSONValue

extension JSONValue {
    /// An object of members that are made one by one; their names differ.
    static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { Member($0.0, $0.1) })
    }
}
