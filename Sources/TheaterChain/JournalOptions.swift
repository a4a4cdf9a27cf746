// SPDX-License-Identifier: Apache-2.0

/// The bounds of a journal. All sizes are in bytes.
public struct JournalOptions: Sendable, Hashable {
    /// A segment that would grow past this is followed by a new one. At most 1 GiB. A single record
    /// that is larger has a segment to itself.
    public var segmentSizeMax = 64 << 20
    /// How much may wait to be written; an append beyond it is refused. The journal reports pressure
    /// from a quarter of it, so that callers who heed ``Journal/isUnderPressure`` are never refused.
    public var bufferSizeMax = 64 << 20
    /// The largest payload. At most 256 MiB and at most half of `bufferSizeMax`.
    public var payloadSizeMax = 32 << 20
    /// How long an event may wait before it is written.
    public var asyncDelay: Duration = .milliseconds(20)
    /// How much may wait before it is written ahead of the delay.
    public var batchSize = 1 << 20
    /// How much is kept of all chains in memory; the oldest events are dropped beyond it.
    public var memorySizeMax = 64 << 20
    /// The most chains that the journal may have, past ones included.
    public var chainsMax = 1_000_000

    /// The defaults.
    public init() {}

    /// Why these options cannot be used; `nil` when they can.
    var problem: JournalError? {
        let fact: String? =
            if !(256...1 << 30).contains(segmentSizeMax) {
                "segmentSizeMax is not between 256 bytes and 1 GiB"
            } else if bufferSizeMax < 4096 || bufferSizeMax > 1 << 40 {
                "bufferSizeMax is not between 4 KiB and 1 TiB"
            } else if payloadSizeMax < 0
                || payloadSizeMax > min(RecordFormat.payloadSizeMax, bufferSizeMax / 2)
            {
                "payloadSizeMax is not between 0 and the smaller of 256 MiB and half of bufferSizeMax"
            } else if asyncDelay < .zero || batchSize < 1 || memorySizeMax < 0 || chainsMax < 1 {
                "asyncDelay, batchSize, memorySizeMax or chainsMax is too small"
            } else {
                nil
            }
        return fact.map {
            JournalError(
                .badOptions, "the journal's options cannot be used: \($0)",
                remedy: "Change that option.")
        }
    }
}
