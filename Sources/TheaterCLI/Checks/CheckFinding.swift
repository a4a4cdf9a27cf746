// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterManifest

/// Something that would keep an actor from starting, or that is not as it should be.
struct CheckFinding: Sendable, Hashable {
    /// What kind of thing is wrong; decides the exit code.
    let status: CommandStatus
    /// The stable code.
    let code: String
    /// The fact and the remedy.
    let message: String
    /// Where in a text, if anywhere.
    var place: (file: String, line: Int, column: Int)? {
        file.map { ($0, line, column) }
    }

    private var file: String?
    private var line = 0
    private var column = 0

    init(_ status: CommandStatus, _ code: String, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    init(_ diagnostic: ManifestDiagnostic) {
        self.init(.manifest, diagnostic.code.rawValue, diagnostic.description)
        guard diagnostic.line > 0 else { return }
        file = diagnostic.file
        line = diagnostic.line
        column = diagnostic.column
    }

    init(_ error: CLIError) { self.init(error.status, error.code, error.message) }

    /// The finding with its code, once.
    var text: String { message.contains("[\(code)]") ? message : "\(message) [\(code)]" }

    var json: JSON {
        var members: [(String, JSON)] = [
            ("class", .string(Self.name(status))), ("code", .string(code)),
            ("message", .string(message)),
        ]
        if let place {
            members += [
                ("file", .string(place.file)), ("line", .integer(place.line)),
                ("column", .integer(place.column)),
            ]
        }
        return .object(members)
    }

    private static func name(_ status: CommandStatus) -> String {
        switch status {
        case .manifest: "manifest"
        case .module: "module"
        case .importRefused: "import"
        case .build: "build"
        default: "check"
        }
    }
}
