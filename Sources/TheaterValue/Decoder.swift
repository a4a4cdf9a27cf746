// SPDX-License-Identifier: Apache-2.0

extension CGRF {
    /// One decode of one buffer.
    ///
    /// `decodePostOrder` reads what encoders write in a single pass. It gives up on anything
    /// else, valid or not; `decodeGraph` then applies every rule in order and has the last word.
    /// Guests have the first only.
    struct Decoder {
        let view: ByteView
        let limits: Limits
        /// Where the view starts in the caller's bytes; added to every reported offset.
        let origin: Int
        let trailing: Bool
        let nodeCount: Int
        let root: Int
        /// How many parts the type annotations read so far have.
        var types = 0

        // The methods are mutating so that the decoder travels as one pointer, which makes
        // guests smaller by kilobytes.

        /// Checks the header.
        init(
            _ buffer: UnsafeRawBufferPointer, from offset: Int, limits: Limits, trailing: Bool
        ) throws(CGRFError) {
            let limits = limits.clamped
            let available = buffer.count - max(0, min(offset, buffer.count))
            if !trailing, available > limits.bufferMax {
                throw CGRFError(
                    .bufferTooLarge, at: 0, size: available, max: limits.bufferMax)
            }
            guard let view = unsafe ByteView(buffer, from: offset), view.count >= CGRF.headerSize
            else {
                throw CGRFError(
                    .truncated, at: max(0, offset), size: available, max: CGRF.headerSize)
            }
            guard view.u32(0) == CGRF.magic else {
                throw CGRFError(.badMagic, at: offset, found: UInt64(view.u32(0)))
            }
            guard view.u16(4) == CGRF.version else {
                throw CGRFError(
                    .badVersion, at: offset + 4, found: UInt64(view.u16(4)),
                    allowed: UInt64(CGRF.version))
            }
            let nodes = view.u32(8)
            guard UInt(nodes) <= UInt(clamping: limits.nodesMax) else {
                throw CGRFError(
                    .tooManyNodes, at: offset + 8, found: UInt64(nodes),
                    allowed: UInt64(clamping: limits.nodesMax))
            }
            // Each node takes at least its header, so a greater count is a lie. It is checked
            // before anything is reserved.
            let room = (view.count - CGRF.headerSize) / CGRF.nodeHeaderSize
            guard UInt(nodes) <= UInt(room) else {
                throw CGRFError(
                    .truncated, at: offset + 8, found: UInt64(nodes), allowed: UInt64(room))
            }
            let root = view.u32(12)
            self.view = view
            self.limits = limits
            self.origin = offset
            self.trailing = trailing
            nodeCount = Int(nodes)
            // A root that is out of range stays out of range and is reported in its turn.
            self.root = root < nodes ? Int(root) : nodeCount
        }

        /// The value, and how many bytes it takes.
        mutating func decode() throws(CGRFError) -> (value: Value, size: Int) {
            #if hasFeature(Embedded)
            // Guests get their values from encoders, and every byte of code counts.
            return try decodePostOrder()
            #else
            if let result = try? decodePostOrder() { return result }
            return try decodeGraph()
            #endif
        }

        /// An error at an offset of the view.
        #if hasFeature(Embedded)
        @inline(__always)
        #endif
        func error(
            _ code: CGRFError.Code, at offset: Int, found: @autoclosure () -> UInt64? = nil,
            allowed: @autoclosure () -> UInt64? = nil
        ) -> CGRFError {
            CGRFError(code, at: origin + offset, found: found(), allowed: allowed())
        }

        /// The end of the node that starts at `offset`, if its header and payload fit.
        @inline(__always)
        mutating func endOfNode(at offset: Int) -> Int? {
            guard view.count - offset >= CGRF.nodeHeaderSize else { return nil }
            let size = UInt(view.u32(offset + 4))
            guard size <= UInt(clamping: limits.payloadMax),
                size <= UInt(view.count - offset - CGRF.nodeHeaderSize)
            else { return nil }
            return offset + CGRF.nodeHeaderSize + Int(size)
        }
    }
}
