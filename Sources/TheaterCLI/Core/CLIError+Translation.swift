// SPDX-License-Identifier: Apache-2.0

internal import TheaterBuild
internal import TheaterChain
internal import TheaterEngine
internal import TheaterManifest
internal import TheaterPact
internal import TheaterPlatform
internal import TheaterReplay
internal import TheaterRuntime
internal import TheaterServer
internal import TheaterStore
internal import TheaterValue

extension CLIError {
    /// Findings in a manifest.
    init(_ error: ManifestDiagnostics) {
        let code = error.diagnostics.first?.code.rawValue ?? "manifest.invalid"
        self.init(.manifest, code, error.description, isVerbatim: true)
    }

    /// An actor that could not be started or called, or that ended.
    init(_ error: ActorError) {
        self.init(Self.status(of: error), error.code.rawValue, error.description)
    }

    /// The status that stands for an actor's error.
    static func status(of error: ActorError) -> CommandStatus {
        switch error.code {
        case .unknownFunction, .wrongArgument: .usage
        case .module, .wrongDigest, .metadata: .module
        case .importRefused: .importRefused
        case .manifest, .grantExceedsParent: .manifest
        case .journal: .data
        case .notFound, .nameTaken: .internal
        case .ceiling, .tooLarge, .ended, .stopping, .mailboxFull, .wrongResult, .guestError,
            .deadline, .cancelled, .crashed, .killed, .shuttingDown, .restarting, .supervision,
            .notAChild, .fork, .resume, .unrecorded, .feedFull, .feedOverrun, .feedTaken,
            .controlBusy,
            .controlDeadline, .controlClosed, .controlUnavailable, .unknownEvent, .upgradeFailed,
            .upgrading, .rolledBack:
            .failure
        case .upgradeRefused: .verification
        }
    }

    /// An engine that refuses a module, or cannot be made.
    init(_ error: EngineError) {
        switch error.code {
        case .cache: self.init(.data, error.code.rawValue, error.description)
        default: self.init(.module, error.code.rawValue, error.description)
        }
    }

    /// A journal that cannot be used.
    init(_ error: JournalError) {
        var message = error.description
        if error.code == .locked {
            message +=
                "\nOne process at a time changes a data directory: end the other one for this, or name "
                + "another directory with --data DIR. What only reads works beside it, and `theater run "
                + "--detach` starts an actor in the node that has it."
        }
        self.init(.data, error.code.rawValue, message)
    }

    /// A store that cannot do what it was asked.
    init(_ error: StoreError) {
        self.init(
            Self.status(of: error.code), error.code.rawValue,
            "\(error.fact). \(Self.remedy(of: error)) [\(error.code.rawValue)]")
    }

    static func status(of code: StoreError.Code) -> CommandStatus {
        switch code {
        case .badName, .badLabel, .badReference: .usage
        case .locked, .disk, .newerFormat, .readOnly, .closed: .data
        case .damaged: .verification
        case .notFound, .unlabelled, .conflict, .tooLarge, .quota, .full, .busy, .cancelled:
            .failure
        }
    }

    /// What to do about a store's error, with the commands that do it.
    private static func remedy(of error: StoreError) -> String {
        let store = error.namespace.map { " --store-id \($0.name)" } ?? ""
        return switch error.code {
        case .notFound, .unlabelled:
            "See what is there with `theater store ls\(store)`, or name another store with --store-id."
        case .full, .quota:
            "Remove labels that nobody needs with `theater store label LABEL --remove`, and what they "
                + "named with `theater store gc`."
        case .damaged:
            "\(error.remedy) `theater store verify` finds all that is damaged."
        case .conflict:
            "See what it names now with `theater store label LABEL`, and decide again."
        case .locked:
            "\(error.remedy) `theater store get`, `ls` and `verify` work all the same."
        case .badName, .badLabel, .badReference, .tooLarge, .disk, .newerFormat, .readOnly, .closed,
            .busy, .cancelled:
            error.remedy
        }
    }

    /// A chain that cannot be replayed.
    init(_ error: ReplayError) {
        let status: CommandStatus =
            switch error.code {
            case .noCode, .wrongDigest, .module: .module
            case .manifest, .noManifest: .manifest
            case .payloadDropped, .incomplete: .data
            case .notAlive: .usage
            // What could not be read is no finding about the code; the layer below says what it is.
            case .source: error.cause.map { CLIError(unexpected: $0).status } ?? .data
            case .diverged: .verification
            case .ceiling, .cancelled: .failure
            }
        self.init(status, error.code.rawValue, error.description)
    }

    /// A Pact text or a package's metadata that is wrong.
    init(_ error: PactError) {
        self.init(
            .module, error.code.rawValue, "\(error) [\(error.code.rawValue)]",
            isVerbatim: error.location != nil)
    }

    /// Bytes that are no value.
    init(_ error: CGRFError, of what: String) {
        self.init(.failure, error.code.rawValue, "\(what) does not decode: \(error)")
    }

    /// An actor or project that cannot be built or made.
    init(_ error: BuildError) {
        let status: CommandStatus =
            switch error.code {
            case .badName, .unknownTemplate, .folderNotEmpty: .usage
            case .badManifest: .manifest
            default: .build
            }
        self.init(
            status, error.code.rawValue, error.description,
            isVerbatim: error.output?.isEmpty == false)
    }

    /// An API that cannot be served.
    init(_ error: ServerError) { self.init(.data, error.code.rawValue, error.message) }

    /// Whatever a lower layer throws without saying what.
    init(unexpected error: any Error) {
        switch error {
        case let error as CLIError: self = error
        case let error as ManifestDiagnostics: self.init(error)
        case let error as ActorError: self.init(error)
        case let error as EngineError: self.init(error)
        case let error as JournalError: self.init(error)
        case let error as ServerError: self.init(error)
        case let error as ProofError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as ReplayError: self.init(error)
        case let error as PactError: self.init(error)
        case let error as BuildError: self.init(error)
        case let error as DiskError:
            self.init(
                .data, JournalError.Code.disk.rawValue,
                "\(error); choose another data directory with --data DIR")
        default: self.init(.internal, "cli.internal", "\(error)")
        }
    }
}
