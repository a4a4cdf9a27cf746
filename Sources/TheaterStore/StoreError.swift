// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// A store that cannot do what it was asked.
public struct StoreError: Error, Sendable, Hashable {
    /// The kinds of failure. Raw values are stable.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The name of a namespace breaks the rules.
        case badName = "store.bad-name"
        /// A label breaks the rules.
        case badLabel = "store.bad-label"
        /// A text that should name content does not.
        case badReference = "store.bad-reference"
        /// The namespace has no such content.
        case notFound = "store.not-found"
        /// The namespace has no such label.
        case unlabelled = "store.no-label"
        /// A label names something else than the caller expected.
        case conflict = "store.conflict"
        /// Content is larger than allowed.
        case tooLarge = "store.too-large"
        /// The namespace may not hold more.
        case quota = "store.quota"
        /// The store as a whole may not hold more.
        case full = "store.full"
        /// Bytes that were stored are missing or changed.
        case damaged = "store.damaged"
        /// The disk refused an operation.
        case disk = "store.disk"
        /// Another process, or another part of this one, has the store open.
        case locked = "store.locked"
        /// The store was written by a newer version.
        case newerFormat = "store.newer-format"
        /// The store was opened for reading.
        case readOnly = "store.read-only"
        /// The store was closed, or content in parts was stored or failed before.
        case closed = "store.closed"
        /// More operations wait than may wait, or a collection runs already.
        case busy = "store.busy"
        /// The caller gave up before the operation began.
        case cancelled = "store.cancelled"
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed, on which thing, and why.
    public let fact: String
    /// What to do about it.
    public let remedy: String
    /// The content concerned.
    public let content: ContentID?
    /// The namespace concerned.
    public let namespace: StoreNamespace?
    /// What the disk said.
    public let cause: DiskError?

    init(
        _ code: Code, _ fact: String, remedy: String, content: ContentID? = nil,
        namespace: StoreNamespace? = nil, cause: DiskError? = nil
    ) {
        self.code = code
        self.fact = fact
        self.remedy = remedy
        self.namespace = namespace
        self.content = content
        self.cause = cause
    }
}

extension StoreError: CustomStringConvertible {
    /// The fact and the remedy.
    public var message: String { "\(fact). \(remedy)" }

    /// The fact, then the remedy, then the code.
    public var description: String { "\(message) [\(code.rawValue)]" }
}

extension StoreError {
    static func badName(_ name: String) -> StoreError {
        StoreError(
            .badName, "'\(shown(name))' cannot be the name of a namespace",
            remedy: "Use 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first.")
    }

    static func badLabel(_ label: String, _ problem: String) -> StoreError {
        StoreError(
            .badLabel, "'\(shown(label))' cannot be a label: \(problem)",
            remedy: "Use a name such as 'pages/front'.")
    }

    static func badReference(_ text: String, _ problem: String) -> StoreError {
        StoreError(
            .badReference, "'\(shown(text))' is no reference: \(problem)",
            remedy: "Write store://NAMESPACE/LABEL or store://NAMESPACE/hash/DIGEST.")
    }

    static func badContentID(_ text: String) -> StoreError {
        StoreError(
            .badReference, "'\(shown(text))' names no content: it is not 64 hexadecimal digits",
            remedy: "Give what was answered when the content was stored.")
    }

    static func notFound(_ id: ContentID, _ namespace: StoreNamespace) -> StoreError {
        StoreError(
            .notFound, "namespace '\(namespace)' has no content \(id)",
            remedy: "Store it there first, or list what is there.", content: id,
            namespace: namespace)
    }

    static let draftOver = StoreError(
        .closed, "nothing can be added to the content: it was stored, or a part of it failed",
        remedy: "Begin it anew.")

    /// A label that is not there.
    public static func unlabelled(_ label: StoreLabel, _ namespace: StoreNamespace) -> StoreError {
        StoreError(
            .unlabelled, "namespace '\(namespace)' has no label '\(label)'",
            remedy: "Set it first, or list the labels that are there.", namespace: namespace)
    }

    /// A label that names something else than expected.
    public static func conflict(_ label: StoreLabel, found: ContentID?) -> StoreError {
        StoreError(
            .conflict, "label '\(label)' names \(found.map { "\($0)" } ?? "nothing")",
            remedy: "Look at what it names now, and decide again.", content: found)
    }

    /// Content that is larger than a caller may store.
    public static func tooLarge(_ size: Int, _ sizeMax: Int) -> StoreError {
        StoreError(
            .tooLarge, "the content has \(size) bytes and may have \(sizeMax)",
            remedy: "Store it in parts.")
    }

    /// Content that is larger than what may be handed over at once.
    public static func tooLargeToPass(
        _ id: ContentID, size: UInt64, sizeMax: Int
    ) -> StoreError {
        StoreError(
            .tooLarge,
            "content \(id) has \(size) bytes, and at most \(sizeMax) are handed over at once",
            remedy: "Store it in parts.", content: id)
    }

    /// More entries of a namespace than may be handed over at once.
    public static func tooLargeToList(
        _ count: Int, _ what: String, size: Int, sizeMax: Int
    ) -> StoreError {
        StoreError(
            .tooLarge,
            "a list of \(count) \(what) takes \(size) bytes, and at most \(sizeMax) are handed over "
                + "at once",
            remedy: "Ask for each by its name, or keep fewer in one namespace.")
    }

    static func full(_ what: String) -> StoreError {
        StoreError(
            .full, "the store holds as much as it may: \(what)",
            remedy: "Remove labels that nobody needs, and collect what they named.")
    }

    static func damaged(_ id: ContentID, _ what: String) -> StoreError {
        StoreError(
            .damaged, "blob \(id) is damaged: \(what)",
            remedy: "Store the same content again, or restore a copy of the blob.", content: id)
    }

    static func damagedCatalogue(_ path: String, _ offset: UInt64, _ what: String) -> StoreError {
        StoreError(
            .damaged, "the store's catalogue '\(path)' is damaged at byte \(offset): \(what)",
            remedy: "Check the disk, and restore a copy of the store's directory.")
    }

    static func disk(_ error: DiskError) -> StoreError {
        StoreError(.disk, "\(error)", remedy: error.remedy, cause: error)
    }

    static func refusing(_ cause: StoreError) -> StoreError {
        StoreError(
            .disk,
            "the store takes nothing more since its catalogue could not be synced: \(cause.fact)",
            remedy: "Repair the disk or make room, and open the store again.", cause: cause.cause)
    }

    static let readOnly = StoreError(
        .readOnly, "the store was opened for reading", remedy: "Open it for writing.")

    static let closed = StoreError(
        .closed, "the store is closed", remedy: "Use it before its node is closed.")

    static let cancelled = StoreError(
        .cancelled, "the operation was given up before it began", remedy: "Nothing was done.")

    /// The beginning of a text that comes from elsewhere, on one line.
    private static func shown(_ text: String) -> String {
        let isLong = text.unicodeScalars.count > 100
        let visible = text.unicodeScalars.prefix(100).map { scalar in
            scalar.value < 0x20 || scalar.value == 0x7F
                ? scalar.escaped(asASCII: true) : String(scalar)
        }
        return visible.joined() + (isLong ? "…" : "")
    }
}
