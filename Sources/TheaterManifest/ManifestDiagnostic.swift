// SPDX-License-Identifier: Apache-2.0

/// A place in the text of a manifest.
///
/// Lines and columns start at one; a column counts Unicode scalars. A manifest that was made in
/// code has no text: its places are `none`.
public struct ManifestPlace: Sendable, Hashable, Comparable {
    /// The line, counted from one.
    public let line: Int
    /// The column in Unicode scalars, counted from one.
    public let column: Int

    /// No place: the value was not read from a text.
    public static let none = ManifestPlace(line: 0, column: 0)

    /// Makes a place.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Orders places as they follow each other in the text.
    public static func < (left: ManifestPlace, right: ManifestPlace) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// One finding about a manifest: what is wrong, where, and what to do.
///
/// Printed as `crawler.toml:14:3: 'max_memry' is not a key of [limits]; did you mean 'memory'?
/// [manifest.unknown-key]`, on one line.
public struct ManifestDiagnostic: Error, Sendable, Hashable {
    /// Why a manifest is refused.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The text is not TOML.
        case syntax = "manifest.syntax"
        /// The bytes are not UTF-8.
        case notUTF8 = "manifest.not-utf8"
        /// The text is longer than `Manifest.sizeMax`.
        case tooLarge = "manifest.too-large"
        /// Tables and arrays are nested deeper than `Manifest.depthMax`.
        case tooDeep = "manifest.too-deep"
        /// A key or a table is defined twice.
        case duplicateKey = "manifest.duplicate-key"
        /// A key means nothing where it stands.
        case unknownKey = "manifest.unknown-key"
        /// A key is known, but belongs to another table.
        case misplacedKey = "manifest.misplaced-key"
        /// A key or value of an earlier system, or one that this version does not implement.
        case unsupported = "manifest.unsupported"
        /// A required key is absent.
        case missingKey = "manifest.missing-key"
        /// A value has another type than its key wants.
        case wrongType = "manifest.wrong-type"
        /// A number, size or duration is outside its bounds.
        case outOfRange = "manifest.out-of-range"
        /// A value has the right type but not the right form.
        case invalidValue = "manifest.invalid-value"
        /// Two keys exclude each other.
        case conflict = "manifest.conflict"
        /// One handler type is granted twice.
        case duplicateHandler = "manifest.duplicate-handler"
        /// A key that is right and changes nothing.
        case noEffect = "manifest.no-effect"
        /// A variable that is neither declared nor given, or a value that no variable takes.
        case unknownVariable = "manifest.unknown-variable"
        /// A file that the manifest names cannot be read.
        case unreadable = "manifest.unreadable"
        /// A handler type that the node does not offer.
        case unknownHandler = "manifest.unknown-handler"
    }

    /// Why the manifest is refused.
    public let code: Code
    /// The manifest's name as the caller gave it, usually a path.
    public let file: String
    /// Where the finding is.
    public let place: ManifestPlace
    /// What is wrong, as one clause without a full stop.
    public let message: String
    /// What to do about it, as one clause; `nil` where the message says it all.
    public let suggestion: String?

    /// Makes a diagnostic.
    ///
    /// Control and other invisible characters, which a key of the text may hold, are written as
    /// escapes, so the diagnostic stays on one line and is safe to show in a terminal; what is
    /// longer than `lengthMax` is cut.
    public init(
        _ code: Code, file: String, at place: ManifestPlace, _ message: String,
        suggestion: String? = nil
    ) {
        self.code = code
        self.file = file
        self.place = place
        self.message = Self.printable(message)
        self.suggestion = suggestion.map(Self.printable)
    }

    /// The longest message or suggestion, in Unicode scalars before escaping.
    public static let lengthMax = 500

    /// The line, counted from one; zero when there is no text.
    public var line: Int { place.line }
    /// The column in Unicode scalars, counted from one; zero when there is no text.
    public var column: Int { place.column }
}

extension ManifestDiagnostic: CustomStringConvertible {
    /// Place, fact, remedy, code.
    public var description: String {
        var text = file
        if place != .none { text += ":\(line):\(column)" }
        text += ": \(message)"
        if let suggestion { text += "; \(suggestion)" }
        return text + " [\(code.rawValue)]"
    }

    private static func printable(_ text: String) -> String {
        var printed = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(lengthMax) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
                let code = String(scalar.value, radix: 16)
                printed.append(contentsOf: "\\u{\(code)}".unicodeScalars)
            default: printed.append(scalar)
            }
        }
        let isCut = text.unicodeScalars.count > lengthMax
        return String(printed) + (isCut ? "…" : "")
    }
}

/// Everything that is wrong with a manifest, in the order of its text.
public struct ManifestDiagnostics: Error, Sendable, Hashable {
    /// How many findings are kept; more are counted, not kept.
    public static let countMax = 100

    /// The findings, at least one, at most `countMax`.
    public let diagnostics: [ManifestDiagnostic]
    /// How many findings were left out.
    public let omittedCount: Int

    /// Keeps the first `countMax` findings in the order of their places.
    public init(_ diagnostics: [ManifestDiagnostic]) {
        self.init(diagnostics, omittedCount: 0)
    }

    init(_ diagnostics: [ManifestDiagnostic], omittedCount: Int) {
        let ordered = diagnostics.enumerated()
            .sorted { ($0.element.place, $0.offset) < ($1.element.place, $1.offset) }
            .map(\.element)
        self.diagnostics = Array(ordered.prefix(Self.countMax))
        self.omittedCount = omittedCount + ordered.count - self.diagnostics.count
    }
}

extension ManifestDiagnostics: CustomStringConvertible {
    /// One line for each finding.
    public var description: String {
        var lines = diagnostics.map(\.description)
        if omittedCount > 0 { lines.append("… and \(omittedCount) more findings") }
        return lines.joined(separator: "\n")
    }
}

/// Collects findings up to a bound, so that a hostile text cannot make the list balloon.
struct DiagnosticCollector: Sendable, Hashable {
    private(set) var diagnostics: [ManifestDiagnostic] = []
    private(set) var omittedCount = 0

    var isEmpty: Bool { diagnostics.isEmpty }
    /// Whether further findings are only counted; work on suggestions can then be saved.
    var isFull: Bool { diagnostics.count >= ManifestDiagnostics.countMax }

    mutating func add(_ diagnostic: @autoclosure () -> ManifestDiagnostic) {
        if isFull { omittedCount += 1 } else { diagnostics.append(diagnostic()) }
    }

    /// Counts a finding that is not kept.
    mutating func omit() { omittedCount += 1 }

    mutating func add(_ other: DiagnosticCollector) {
        for diagnostic in other.diagnostics { add(diagnostic) }
        omittedCount += other.omittedCount
    }

    /// Throws when there is a finding.
    func check() throws(ManifestDiagnostics) {
        guard diagnostics.isEmpty else {
            throw ManifestDiagnostics(diagnostics, omittedCount: omittedCount)
        }
    }
}
