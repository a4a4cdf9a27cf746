// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension CGRF.Decoder {
    /// Decodes any acyclic graph, applying the rules in their order.
    mutating func decodeGraph() throws(CGRFError) -> (value: Value, size: Int) {
        let (offsets, size) = try locateNodes()
        var graph = try CGRF.Graph(decoder: self, offsets: offsets, size: size)
        return (try graph.value(of: root), size)
    }

    /// The structure pass: finds the beginning of every payload.
    private mutating func locateNodes() throws(CGRFError) -> (offsets: [UInt32], size: Int) {
        var offsets: [UInt32] = []
        offsets.reserveCapacity(nodeCount)
        var offset = CGRF.headerSize
        for _ in 0..<nodeCount {
            guard view.count - offset >= CGRF.nodeHeaderSize else {
                throw error(
                    .truncated, at: offset, found: UInt64(clamping: view.count - offset),
                    allowed: UInt64(clamping: CGRF.nodeHeaderSize))
            }
            let kind = view.u8(offset)
            guard kind >= 1, kind <= CGRF.kindMax else {
                throw error(.badKind, at: offset, found: UInt64(kind))
            }
            guard let end = endOfNode(at: offset) else {
                let size = UInt64(view.u32(offset + 4))
                let allowed = UInt64(clamping: limits.payloadMax)
                guard size <= allowed else {
                    throw error(.payloadTooLarge, at: offset + 4, found: size, allowed: allowed)
                }
                throw error(
                    .truncated, at: offset + 4, found: size,
                    allowed: UInt64(clamping: view.count - offset - CGRF.nodeHeaderSize))
            }
            // Limits are below 2^32, but what trails a value may lie beyond.
            guard let start = UInt32(exactly: offset + CGRF.nodeHeaderSize), end <= limits.bufferMax
            else {
                throw error(
                    .bufferTooLarge, at: offset, found: UInt64(clamping: end),
                    allowed: UInt64(clamping: limits.bufferMax))
            }
            offsets.append(start)
            offset = end
        }
        guard root < nodeCount else {
            throw error(
                .badRoot, at: 12, found: UInt64(view.u32(12)),
                allowed: nodeCount == 0 ? nil : UInt64(clamping: nodeCount - 1))
        }
        guard trailing || offset == view.count else {
            throw error(
                .trailingBytes, at: offset, found: UInt64(clamping: view.count - offset),
                allowed: 0)
        }
        return (offsets, offset)
    }
}
#endif
