// SPDX-License-Identifier: Apache-2.0

extension CGRF.Decoder {
    /// The index of a finished node and the depth of what it holds.
    private struct Finished {
        let index: UInt32
        let depth: Int32
    }

    /// Decodes a buffer as encoders write it, in one pass over the nodes.
    ///
    /// In post-order the children of a node with k children are the last k finished nodes that
    /// have no parent yet. Each node is used exactly once, so neither cycles nor shared nodes can
    /// occur, and every node is reachable.
    ///
    /// - Throws: `cgrf.not-post-order` if nodes are shared, unused or in another order; otherwise
    ///   the first error on the way, which need not be the first by the rules.
    mutating func decodePostOrder() throws(CGRFError) -> (value: Value, size: Int) {
        guard nodeCount > 0, root == nodeCount - 1 else { throw error(.notPostOrder, at: 12) }
        let expected = min(nodeCount, 32)
        var stack = CGRF.ValueStack(capacity: expected)
        var finished: [Finished] = []
        finished.reserveCapacity(expected)
        var offset = CGRF.headerSize
        for index in 0..<nodeCount {
            guard let end = endOfNode(at: offset) else { throw error(.truncated, at: offset) }
            let kind = view.u8(offset)
            let start = offset + CGRF.nodeHeaderSize
            var depth: Int32 = 1
            if let value = try leaf(kind: kind, start, end) {
                stack.push(value)
            } else {
                let composite = try composite(kind: kind, start, end)
                depth = try adopt(composite, from: &finished)
                stack.push(try build(composite, from: &stack))
            }
            finished.append(
                Finished(index: UInt32(truncatingIfNeeded: index), depth: depth))
            offset = end
        }
        guard stack.count == 1 else { throw error(.notPostOrder, at: 12) }
        guard trailing || offset == view.count else { throw error(.trailingBytes, at: offset) }
        guard offset <= limits.bufferMax else { throw error(.bufferTooLarge, at: offset) }
        return (stack.pop(), offset)
    }

    /// Takes the children of a node from the finished nodes.
    ///
    /// - Returns: the depth of the node.
    private mutating func adopt(
        _ composite: Composite, from finished: inout [Finished]
    ) throws(CGRFError) -> Int32 {
        let count = composite.count
        guard count <= finished.count else {
            throw error(.notPostOrder, at: composite.indices)
        }
        let first = finished.count - count
        var depth: Int32 = 1
        for child in 0..<count {
            let candidate = finished[first + child]
            guard candidate.index == view.u32(composite.indices + 4 * child) else {
                throw error(.notPostOrder, at: composite.indices + 4 * child)
            }
            depth = max(depth, candidate.depth + 1)
        }
        guard Int(depth) <= limits.depthMax else { throw error(.tooDeep, at: composite.start) }
        finished.removeLast(count)
        return depth
    }
}
