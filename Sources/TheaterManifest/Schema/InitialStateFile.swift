// SPDX-License-Identifier: Apache-2.0

internal import TheaterValue

/// A first state that stands in a file: the keys `initial_state_file` and `initial_state_format`.
public struct InitialStateFile: Sendable, Hashable {
    /// What the bytes of the file are.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// Text in UTF-8; the state is a string.
        case string
        /// A value in its text form.
        case value
        /// The CGRF bytes of a value.
        case cgrf
        /// Any bytes; the state is a `list<u8>`.
        case bytes
    }

    /// The longest file, in bytes.
    public static let sizeMax = 16 << 20

    /// Where the file is, relative to the manifest's folder.
    public var path: String
    /// What its bytes are.
    public var format: Format
    /// Where the path is written.
    let place: ManifestPlace

    /// Names a file in code.
    public init(path: String, format: Format = .string) {
        self.init(path: path, format: format, place: .none)
    }

    init(path: String, format: Format, place: ManifestPlace) {
        self.path = path
        self.format = format
        self.place = place
    }

    /// Two files are equal when they are read alike, wherever they are written.
    public static func == (left: InitialStateFile, right: InitialStateFile) -> Bool {
        left.path == right.path && left.format == right.format
    }

    /// Hashes the path and the format.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(path)
        hasher.combine(format)
    }
}

extension Manifest {
    /// Reads the first state from the file that the manifest names, if it names one.
    ///
    /// Afterwards ``initialState`` has it. A manifest whose file was not read does not start.
    ///
    /// - Parameters:
    ///   - manifestPath: where the manifest is; the file is taken from its folder.
    ///   - read: reads a whole file of at most so many bytes.
    /// - Throws: `manifest.unreadable`, `manifest.too-large`, `manifest.not-utf8` and
    ///   `manifest.invalid-value`.
    public mutating func readInitialState(
        manifestPath: String, read: (_ path: String, _ sizeMax: Int) throws -> [UInt8]
    ) throws(ManifestDiagnostics) {
        guard let stateFile = initialStateFile, initialState == nil else { return }
        let path = Manifest.resolve(stateFile.path, relativeTo: manifestPath)
        let bytes: [UInt8]
        do {
            bytes = try read(path, InitialStateFile.sizeMax)
        } catch {
            throw ManifestDiagnostics([
                ManifestDiagnostic(
                    .unreadable, file: manifestPath, at: stateFile.place,
                    "the first state cannot be read: \(error)",
                    suggestion: "correct 'initial_state_file', or put the file there")
            ])
        }
        guard bytes.count <= InitialStateFile.sizeMax else {
            throw ManifestDiagnostics([
                ManifestDiagnostic(
                    .tooLarge, file: manifestPath, at: stateFile.place,
                    "'\(path)' has \(bytes.count) bytes, the most is \(InitialStateFile.sizeMax)",
                    suggestion: "give the actor its data in calls")
            ])
        }
        initialState = try Self.state(bytes, as: stateFile, path: path, manifest: manifestPath)
    }

    private static func state(
        _ bytes: [UInt8], as stateFile: InitialStateFile, path: String, manifest: String
    ) throws(ManifestDiagnostics) -> Value {
        func refusal(
            _ code: ManifestDiagnostic.Code, _ file: String, _ place: ManifestPlace,
            _ message: String
        ) -> ManifestDiagnostics {
            let remedy = "correct the file, or set 'initial_state_format' to what it is"
            return ManifestDiagnostics([
                ManifestDiagnostic(code, file: file, at: place, message, suggestion: remedy)
            ])
        }
        switch stateFile.format {
        case .bytes: return .bytes(bytes)
        case .cgrf:
            do throws(CGRFError) {
                return try CGRF.decode(bytes)
            } catch {
                throw refusal(
                    .invalidValue, manifest, stateFile.place, "'\(path)' is not CGRF: \(error)")
            }
        case .string, .value:
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw refusal(.notUTF8, path, .none, "the first state is not UTF-8")
            }
            guard stateFile.format == .value else { return .string(text) }
            do throws(ValueTextError) {
                return try ValueText.parse(text)
            } catch {
                throw refusal(
                    .invalidValue, path, ManifestPlace(line: error.line, column: error.column),
                    "the first state is not the text of a value: \(error.detail)")
            }
        }
    }
}
