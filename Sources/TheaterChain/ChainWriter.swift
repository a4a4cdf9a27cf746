// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
public import TheaterPlatform

/// Appends to one chain. Its owner uses it from one task at a time.
///
/// Appending hashes on the caller's thread and copies the record into the journal's buffer. It does
/// not suspend and does not touch the disk.
public final class ChainWriter: @unchecked Sendable {
    // SAFETY: `isBusy` is taken before `count`, `hash`, `last` or `end` is touched and given back after,
    // so their accesses are ordered; a second user at the same time stops the process, because two
    // appends to one parent would fork the chain.

    /// Whose chain it is.
    public let actor: ActorID
    /// What the chain promises about a crash.
    public let durability: Durability

    private let core: JournalCore
    private let slot: Int
    private let isBusy = Atomic<Bool>(false)
    private var count: UInt64
    private var hash: Digest
    private var last: Position
    private var end: UInt64

    init(core: JournalCore, slot: Int, entry: HeadEntry, durability: Durability, end: UInt64) {
        self.core = core
        self.slot = slot
        actor = entry.actor
        self.durability = durability
        count = entry.count
        hash = entry.head
        last = entry.last
        self.end = end
    }

    deinit { core.release(slot: slot) }

    /// Where the chain stands.
    public var head: ChainHead {
        acquire()
        defer { release() }
        return ChainHead(count: count, hash: hash)
    }

    /// Appends an event.
    ///
    /// - Throws: the journal's ``Journal/failure`` once the disk has failed; `closed`, `overloaded`,
    ///   `payloadTooLarge` or `badName`. Nothing was appended then.
    @discardableResult
    public func append(
        _ type: EventType, payload: RawSpan, time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try payload.withUnsafeBytes { (bytes) throws(JournalError) in
            try append(type, PayloadParts(first: bytes), time)
        }
    }

    /// Appends an event. See ``append(_:payload:time:)-(_,RawSpan,_)``.
    @discardableResult
    public func append(
        _ type: EventType, payload: [UInt8], time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try append(type, payload: payload.span.bytes, time: time)
    }

    /// Appends an event with a typed payload; the payload names the type.
    ///
    /// - Parameter isRedacted: see ``EventPayload/isRedacted(_:)``.
    @discardableResult
    public func append(
        _ payload: EventPayload, isRedacted: Bool = false, time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try append(payload.type, payload: payload.encode(isRedacted: isRedacted), time: time)
    }

    /// Appends a host call that returned, without joining its parts first. It reads back as
    /// ``EventPayload/hostCall(interface:function:input:output:)``.
    ///
    /// - Parameter isRedacted: see ``EventPayload/isRedacted(_:)``.
    @discardableResult
    public func appendHostCall(
        _ type: EventType, input: RawSpan, output: RawSpan, isRedacted: Bool = false,
        time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) {
            (scratch) throws(JournalError) in
            let prefixSize = EventPayload.writeHostCallPrefix(
                scratch, inputSize: input.byteCount, isRedacted: isRedacted)
            let middle = UnsafeMutableRawBufferPointer(rebasing: scratch[prefixSize...])
            let middleSize = EventPayload.writeVarint(middle, UInt64(output.byteCount))
            let bytes = UnsafeRawBufferPointer(scratch)
            return try input.withUnsafeBytes { (input) throws(JournalError) in
                try output.withUnsafeBytes { (output) throws(JournalError) in
                    try append(
                        type,
                        PayloadParts(
                            first: bytes.part(0..<prefixSize), second: input,
                            third: bytes.part(prefixSize..<prefixSize + middleSize),
                            fourth: output),
                        time)
                }
            }
        }
    }

    /// Appends a host call that returned. See ``appendHostCall(_:input:output:isRedacted:time:)``.
    @discardableResult
    public func appendHostCall(
        _ type: EventType, input: [UInt8], output: [UInt8], time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try appendHostCall(type, input: input.span.bytes, output: output.span.bytes, time: time)
    }

    /// Appends that an export is called, without joining its parts first. It reads back as
    /// ``EventPayload/called(function:parameters:fuel:deadlineNanoseconds:)`` without a deadline.
    ///
    /// - Parameter function: the export's name as UTF-8, at most 64 KiB.
    @discardableResult
    public func appendCalled(
        function: [UInt8], parameters: [UInt8], fuel: UInt64, time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try append(.called, .called, function, parameters, time) { fields in
            fields.put(byte: 1)
            fields.put(varint: fuel)
            fields.put(byte: 0)
        }
    }

    /// Appends that an export returned, without joining its parts first. It reads back as
    /// ``EventPayload/returned(function:output:state:fuelUsed:)`` without a digest.
    ///
    /// - Parameter function: the export's name as UTF-8, at most 64 KiB.
    @discardableResult
    public func appendReturned(
        function: [UInt8], output: [UInt8], fuelUsed: UInt64, time: WallTime = .now()
    ) throws(JournalError) -> EventHead {
        try append(.returned, .returned, function, output, time) { fields in
            fields.put(varint: fuelUsed)
            fields.put(byte: 0)
        }
    }

    /// Appends a payload of a name, some numbers and one blob.
    private func append(
        _ type: EventType, _ tag: EventPayload.Tag, _ name: [UInt8], _ blob: [UInt8],
        _ time: WallTime, numbers: (inout ScratchFields) -> Void
    ) throws(JournalError) -> EventHead {
        guard name.count <= 1 << 16 else { throw .badName("a function's name", name.count) }
        return try withUnsafeTemporaryAllocation(
            byteCount: name.count + ScratchFields.numbersSizeMax, alignment: 1
        ) { (scratch) throws(JournalError) in
            var fields = ScratchFields(scratch)
            fields.put(byte: EventPayload.version)
            fields.put(byte: tag.rawValue)
            fields.put(varint: UInt64(name.count))
            fields.put(bytes: name)
            numbers(&fields)
            fields.put(varint: UInt64(blob.count))
            let prefix = UnsafeRawBufferPointer(scratch).part(0..<fields.count)
            return try blob.withBytes { (blob) throws(JournalError) in
                try append(type, PayloadParts(first: prefix, second: blob), time)
            }
        }
    }

    /// Returns once everything appended to this chain before this call is on disk. Returns at once
    /// for a chain in memory. Ends when the disk answers; cancelling the task does not end it.
    ///
    /// - Throws: the journal's ``Journal/failure``. What was appended since the last `sync` that
    ///   returned may or may not survive then.
    public func sync() async throws(JournalError) {
        try await core.sync(upTo: currentEnd)
    }

    private var currentEnd: UInt64 {
        acquire()
        defer { release() }
        return end
    }

    private func append(
        _ type: EventType, _ parts: PayloadParts, _ time: WallTime
    ) throws(JournalError) -> EventHead {
        let typeSize = type.utf8.count
        let payloadSize = parts.size
        guard (1...EventType.sizeMax).contains(typeSize) else {
            throw .badName("an event type", typeSize)
        }
        guard payloadSize <= core.options.payloadSizeMax else {
            throw .payloadTooLarge(payloadSize, core.options.payloadSizeMax)
        }
        let payloadDigest = parts.digest
        acquire()
        defer { release() }
        let fields = EventFields(
            actor: actor, sequence: count, parent: hash, time: time, payloadDigest: payloadDigest,
            payloadSize: payloadSize, previous: last)
        return try withUnsafeTemporaryAllocation(
            byteCount: RecordFormat.eventSize + typeSize, alignment: 8
        ) { (head) throws(JournalError) in
            let newHash = fields.write(head, type: type.utf8)
            let result = try core.append(
                UnsafeRawBufferPointer(head), parts, slot: slot, hash: newHash,
                time: time.nanoseconds)
            let made = EventHead(sequence: count, hash: newHash)
            count += 1
            hash = newHash
            last = result.position
            end = result.end
            core.waypoints.note(actor, made.sequence, last)
            return made
        }
    }

    private func acquire() {
        let wasBusy = isBusy.exchange(true, ordering: .acquiring)
        precondition(!wasBusy, "two tasks use the writer of one chain at the same time")
    }

    private func release() { isBusy.store(false, ordering: .releasing) }
}

/// Writes the small fields of a payload into memory on the stack.
private struct ScratchFields {
    /// What all fields but the name need at most: four numbers of up to ten bytes, and some bytes.
    static let numbersSizeMax = 64

    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    mutating func put(byte: UInt8) {
        buffer.store(byte, at: count)
        count += 1
    }

    mutating func put(varint: UInt64) {
        let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
        count += EventPayload.writeVarint(rest, varint)
    }

    mutating func put(bytes: [UInt8]) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyBytes(from: bytes)
        count += bytes.count
    }
}
