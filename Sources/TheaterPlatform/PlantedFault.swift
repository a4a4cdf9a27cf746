// SPDX-License-Identifier: Apache-2.0

/// A fault that can be planted in the runtime, to show that its simulation finds such faults.
///
/// Each stands beside the line that it breaks, as `world.has(.fault)`. A release build has none of them:
/// there the question is the constant `false`.
package enum PlantedFault: String, Sendable, CaseIterable {
    /// A full mailbox takes more.
    case overfullMailbox
    /// Messages from outside begin in tasks of their own, so that one may overtake another.
    case overtakingSends
    /// Calls that wait when their actor ends are not answered.
    case lostAnswers
    /// A call that waits is not withdrawn when its caller gives up or its time is over.
    case deafWithdrawal
    /// The handlers of an actor that is killed are not closed.
    case unclosedHandlers
    /// An actor that is over keeps its name.
    case keptNames
    /// An actor's end is announced before it has given back what it holds.
    case earlyAnnouncement
    /// The end of an actor that is killed is recorded twice.
    case doubleExit
    /// An error value takes the actor back to its first state.
    case lostState
    /// A deadline that is earlier than those before it is not watched in time.
    case sleepyDeadlines
    /// The children of an actor that ends live on.
    case orphanedChildren
    /// A supervisor starts its children once more than its intensity says.
    case oneRestartTooMany
    /// Subscribers are not told of failed calls.
    case unpublishedFailures
    /// A guest that waits does not hear that it is killed.
    case deafKill
    /// A parent is told twice of a child that is killed.
    case doubleNotice
    /// An actor is not told that a channel of its is closed.
    case untoldChannels
    /// A life's budget of fuel is not used up by its calls.
    case forgottenFuel
}
