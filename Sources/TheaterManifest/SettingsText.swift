// SPDX-License-Identifier: Apache-2.0

/// A TOML text that is no manifest, such as a program's configuration, under the same rules.
public enum SettingsText {
    /// Reads the bytes of a text.
    ///
    /// - Parameters:
    ///   - file: what diagnostics call the text, usually its path.
    ///   - title: how messages name the root table: `the configuration`.
    /// - Returns: a reader of the root table; `finish()` refuses the keys that were not asked for.
    /// - Throws: what keeps it from being TOML.
    public static func reader(
        bytes: [UInt8], file: String, title: String
    ) throws(ManifestDiagnostics) -> SectionReader {
        let text = try Manifest.text(bytes, file: file)
        return SectionReader(
            try Manifest.document(text, file: file).root, file: file, title: title)
    }
}
