// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A socket that a test and a thread of its own use: it is closed when neither has it any more, so that nobody reads
/// from a number that means another socket by then.
final class SharedDescriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }

    /// Has whoever waits for it go on, without a result.
    func stop() { shutdown(number, Int32(SHUT_RDWR)) }
}
