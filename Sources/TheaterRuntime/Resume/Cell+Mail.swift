// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import TheaterChain
internal import TheaterHandler

/// How a durable actor takes mail: what it accepts is kept before anybody hears that it was accepted.
extension Cell {
    /// Keeps mail, and puts its operation into the mailbox; called under the lock.
    func take(
        _ operation: Operation, _ mail: InboxItem, _ mailbox: inout Mailbox<Operation>,
        exceedsCapacity: Bool, isDroppable: Bool
    ) -> Result<Mailbox<Operation>.SubmitAction, JournalError> {
        if let inbox, mailbox.wouldTake(exceedingCapacity: exceedsCapacity) {
            do throws(JournalError) {
                try inbox.keep(mail)
            } catch {
                return .failure(error)
            }
        }
        let action = mailbox.submit(
            exceedingCapacity: exceedsCapacity, isDroppable: isDroppable
        ) { _ in operation }
        if case .wait(_, let dropped?) = action, let number = dropped.mail {
            inbox?.drop(number, MessageError.Code.dropped.rawValue)
        }
        return .success(action)
    }

    /// What somebody learns whose mail is not kept. An inbox that has failed ends its actor.
    func unkept(_ error: JournalError) -> ActorError {
        if error.code == .payloadTooLarge {
            return ActorError(
                .tooLarge, "'\(name)' is durable, and the mail is too large to be kept: \(error)")
        }
        let refusal = ActorError(
            .journal, "'\(name)' is durable, and mail for it cannot be kept: \(error)")
        if shared.withLock({ _ in inbox?.failure != nil }) { fail(refusal) }
        return refusal
    }
}
