// SPDX-License-Identifier: Apache-2.0

internal import TheaterAPI
internal import TheaterChain
internal import TheaterHandler
internal import TheaterRuntime
internal import TheaterStore
internal import TheaterValue

extension Problem {
    /// What the runtime says, with the status that goes with it.
    init(_ error: ActorError) {
        self.init(
            status: Self.status(of: error.code), code: error.code.rawValue, detail: error.message)
        value = error.value.map(Self.shown)
    }

    /// What became of a message.
    init(_ error: MessageError) {
        self.init(
            status: Self.status(of: error.code), code: error.code.rawValue, detail: error.message)
    }

    /// What the journal says when it has stopped.
    init(_ error: JournalError) {
        self.init(status: 503, code: error.code.rawValue, detail: error.description)
    }

    /// What the store says.
    init(_ error: StoreError) {
        let status =
            switch error.code {
            case .badName, .badLabel, .badReference: 400
            case .notFound, .unlabelled: 404
            case .conflict: 409
            case .tooLarge: 413
            case .quota, .full, .disk: 507
            case .busy: 429
            case .damaged, .locked, .newerFormat, .readOnly, .closed, .cancelled: 503
            }
        self.init(status: status, code: error.code.rawValue, detail: error.description)
    }

    /// A value as problems and answers show it.
    static func shown(_ value: Value) -> JSONValue {
        ["value": ValueMapping.json(value), "text": .string(ValueText.print(value))]
    }

    private static func status(of code: ActorError.Code) -> Int {
        switch code {
        case .notFound, .unknownEvent: 404
        case .ended: 410
        case .stopping, .restarting, .nameTaken, .unrecorded, .upgrading, .resume: 409
        case .mailboxFull, .ceiling, .feedFull, .controlBusy: 429
        case .tooLarge: 413
        case .journal, .shuttingDown, .controlClosed, .controlUnavailable: 503
        case .unknownFunction, .wrongArgument, .wrongResult, .guestError, .deadline, .cancelled,
            .module, .wrongDigest, .metadata, .importRefused, .manifest, .grantExceedsParent,
            .crashed, .killed, .supervision, .notAChild, .fork, .feedOverrun, .feedTaken,
            .controlDeadline, .upgradeRefused, .upgradeFailed, .rolledBack:
            422
        }
    }

    private static func status(of code: MessageError.Code) -> Int {
        switch code {
        case .unknownTarget, .unknownChannel, .unknownRequest: 404
        case .targetEnded: 410
        case .denied, .notParticipant: 403
        case .tooLarge: 413
        case .mailboxFull, .tooManyRequests, .tooManyChannels: 429
        case .badChannelID: 400
        case .notKept: 507
        case .channelNotOpen, .requesterGone: 409
        case .targetCrashed, .notRegistered, .noCallback, .badCallback, .dropped, .timeout, .cycle,
            .errorReply, .wrongReply, .cancelled, .givenUp, .channelRejected:
            422
        }
    }
}
