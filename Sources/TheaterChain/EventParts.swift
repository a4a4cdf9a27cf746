// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

extension EventPayload {
    /// Which case the bytes of a payload are, by their first two; says nothing about the rest.
    public enum Kind: Sendable, Hashable {
        /// See ``EventPayload/spawned(module:manifest:name:parent:grants:state:)``.
        case spawned
        /// See ``EventPayload/called(function:parameters:fuel:deadlineNanoseconds:)``.
        case called
        /// See ``EventPayload/returned(function:output:state:fuelUsed:)``.
        case returned
        /// See ``EventPayload/failed(function:kind:message:)``.
        case failed
        /// See ``EventPayload/hostCall(interface:function:input:output:)``.
        case hostCall
        /// See ``EventPayload/hostError(interface:function:input:message:)``.
        case hostError
        /// See ``EventPayload/denied(what:reason:)``.
        case denied
        /// See ``EventPayload/limit(kind:message:)``.
        case limit
        /// See ``EventPayload/exited(kind:reason:result:)``.
        case exited
        /// See ``EventPayload/intent(interface:function:input:effect:policy:)``.
        case intent
        /// See ``EventPayload/outcome(interface:function:intent:output:)``.
        case outcome
        /// See ``EventPayload/outcomeError(interface:function:intent:message:)``.
        case outcomeError
        /// See ``EventPayload/settled(intent:as:note:)``.
        case settled
        /// See ``EventPayload/forked(_:)``.
        case forked
        /// See ``EventPayload/note(_:)``.
        case note
        /// See ``EventPayload/upgrade(_:)``.
        case upgrade
    }

    /// What the first two bytes of a payload say; `nil` when they are none of these payloads.
    static func tag(of payload: UnsafeRawBufferPointer) -> Tag? {
        guard payload.count >= 2, payload[0] == version else { return nil }
        return Tag(rawValue: payload[1])
    }

    /// Which case the bytes of a payload are; `nil` when they are none.
    public static func kind(of payload: [UInt8]) -> Kind? {
        guard let tag = payload.withUnsafeBytes({ tag(of: $0) }) else { return nil }
        return switch tag {
        case .spawned: .spawned
        case .called: .called
        case .returned: .returned
        case .failed: .failed
        case .hostCall, .redactedHostCall: .hostCall
        case .hostError: .hostError
        case .denied: .denied
        case .limit: .limit
        case .exited: .exited
        case .intent: .intent
        case .outcome, .redactedOutcome: .outcome
        case .outcomeError: .outcomeError
        case .settled: .settled
        case .forked: .forked
        case .durable, .taken, .resumed, .inbox, .mail, .dropped, .restarting: .note
        case .upgrade: .upgrade
        }
    }

    /// Where input and output of a host call lie in its payload, for those who read many and copy
    /// none; `nil` when the bytes are no host call.
    public static func partsOfHostCall(
        in payload: [UInt8]
    ) -> (input: Range<Int>, output: Range<Int>)? {
        guard kind(of: payload) == .hostCall,
            let input = part(of: payload, at: 2),
            let output = part(of: payload, at: input.upperBound),
            output.upperBound == payload.count
        else { return nil }
        return (input, output)
    }

    /// The bytes behind a size in its shortest form.
    private static func part(of bytes: [UInt8], at start: Int) -> Range<Int>? {
        var size: UInt64 = 0
        var place = start
        for shift in stride(from: UInt64(0), through: 56, by: 7) {
            guard place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            if shift > 0, byte == 0 { return nil }
            size |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else {
                guard size <= UInt64(bytes.count - place) else { return nil }
                return place..<place + Int(size)
            }
        }
        return nil
    }
}

extension ChainEvent {
    /// The hash that an event with these facts has.
    public var computedHash: Digest {
        let size = RecordFormat.eventSize - RecordFormat.hashedOffset
        let name = type.utf8
        return withUnsafeTemporaryAllocation(
            byteCount: Hashing.tagSize + size + name.count, alignment: 8
        ) { buffer in
            let tag = UnsafeRawBufferPointer(
                start: Hashing.eventTag.utf8Start, count: Hashing.tagSize)
            buffer.copyMemory(from: tag)
            // Where a field of a record stands in what is hashed.
            func place(_ offset: Int) -> Int {
                Hashing.tagSize + offset - RecordFormat.hashedOffset
            }
            parent.store(buffer, at: place(RecordFormat.hashedOffset))
            buffer.store(sequence, at: place(RecordFormat.sequenceOffset))
            buffer.store(time.nanoseconds, at: place(RecordFormat.timeOffset))
            payloadDigest.store(buffer, at: place(RecordFormat.payloadDigestOffset))
            buffer.store(
                UInt16(truncatingIfNeeded: name.count), at: place(RecordFormat.typeSizeOffset))
            UnsafeMutableRawBufferPointer(rebasing: buffer[place(RecordFormat.eventSize)...])
                .copyBytes(from: name)
            return Digest.sha256(of: UnsafeRawBufferPointer(buffer))
        }
    }
}
