// SPDX-License-Identifier: Apache-2.0

extension Manifest {
    /// Reads the text of a manifest.
    ///
    /// - Parameters:
    ///   - text: TOML, at most `sizeMax` bytes; a byte order mark and CRLF are fine.
    ///   - file: What diagnostics call the text, usually its path.
    ///   - variables: values for the manifest's variables, instead of their defaults.
    /// - Throws: everything that is wrong, not only the first finding. A text that is not TOML has
    ///   exactly one finding.
    public static func parse(
        _ text: String, file: String, variables: [String: String] = [:]
    ) throws(ManifestDiagnostics) -> Manifest {
        let document = try Self.document(text, file: file)
        var values = Variables(document, file: file, text: text, given: variables)
        let root = values.expandRoot(document.root)
        values.refuseUnused()
        var parser = ManifestParser(
            SourceDocument(root: root, firstHeader: document.firstHeader), file: file, text: text)
        parser.root.findings.add(values.findings)
        var manifest = try parser.run()
        manifest.variables = values.recorded
        manifest.warnings = (manifest.warnings + values.warnings).sorted { $0.place < $1.place }
        return manifest
    }

    /// Reads the bytes of a manifest, which must be UTF-8.
    public static func parse(
        bytes: [UInt8], file: String, variables: [String: String] = [:]
    ) throws(ManifestDiagnostics) -> Manifest {
        try parse(try text(bytes, file: file), file: file, variables: variables)
    }

    /// Reads a text as TOML.
    static func document(_ text: String, file: String) throws(ManifestDiagnostics) -> SourceDocument
    {
        do throws(SourceError) {
            try checkText(text)
            let document = try SourceParser.parse(text)
            try TOMLCheck.check(text)
            return document
        } catch {
            let diagnostic = ManifestDiagnostic(
                error.code, file: file, at: error.place, error.message,
                suggestion: error.suggestion)
            throw ManifestDiagnostics([diagnostic])
        }
    }

    /// Reads bytes as a text.
    static func text(_ bytes: [UInt8], file: String) throws(ManifestDiagnostics) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let place = placeOfInvalidUTF8(bytes)
        let diagnostic = ManifestDiagnostic(
            .notUTF8, file: file, at: place, "the text is not UTF-8",
            suggestion: "save the file as UTF-8")
        throw ManifestDiagnostics([diagnostic])
    }

    private static func checkText(_ text: String) throws(SourceError) {
        let start = ManifestPlace(line: 1, column: 1)
        let size = text.utf8.count
        guard size <= sizeMax else {
            throw SourceError(
                code: .tooLarge, place: start,
                message: "the manifest has \(size) bytes, the most is \(sizeMax)",
                suggestion: "keep large data beside the manifest")
        }
        var scanner = SourceScanner(Array(text.utf8))
        while let byte = scanner.current {
            let isLineEnd = byte == 0x0A || (byte == 0x0D && scanner.peek(1) == 0x0A)
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 || isLineEnd else {
                throw scanner.error(
                    "the control character \(scanner.found) cannot stand in a manifest",
                    "remove it, or write it as an escape")
            }
            scanner.advance()
        }
    }

    /// The place of the first scalar that decoding has to replace.
    private static func placeOfInvalidUTF8(_ bytes: [UInt8]) -> ManifestPlace {
        var line = 1
        var column = 1
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) {
            if scalar == "\n" { (line, column) = (line + 1, 1) } else { column += 1 }
        }
        return ManifestPlace(line: line, column: column)
    }
}
