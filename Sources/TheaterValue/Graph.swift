// SPDX-License-Identifier: Apache-2.0

#if !hasFeature(Embedded)
extension CGRF {
    /// The nodes of a buffer that is not a tree in post-order.
    ///
    /// Each reachable node is decoded once and its value is shared by all who name it. Depth and
    /// written-out size are sums over the graph, so they too cost one step per reference.
    struct Graph {
        private var decoder: Decoder
        private let offsets: [UInt32]
        private let expansionMax: UInt64
        private var nodes: [Node]

        /// What is known of one node.
        private struct Node {
            /// The value, once `depth` is positive.
            var value = Value.bool(false)
            /// The nesting of a finished node, or one of the marks.
            var depth: Int32 = Node.unvisited
            /// The bytes that the node and all below it take when nothing is shared.
            var expansion: UInt64 = 0

            static let unvisited: Int32 = 0
            static let unfinished: Int32 = -1
        }

        /// A node whose children are being decoded.
        private struct Frame {
            let index: Int
            let composite: Decoder.Composite
            var next = 0
            var depth: Int32 = 1
            var expansion: UInt64
        }

        /// Runs the basic pass: checks and decodes every node that has no children.
        init(decoder: Decoder, offsets: [UInt32], size: Int) throws(CGRFError) {
            self.decoder = decoder
            self.offsets = offsets
            expansionMax = 4 * UInt64(clamping: size) + 65536
            nodes = [Node](repeating: Node(), count: offsets.count)
            for index in offsets.indices {
                let (kind, start, end) = payload(index)
                if let value = try self.decoder.leaf(kind: kind, start, end) {
                    nodes[index] = Node(
                        value: value, depth: 1,
                        expansion: UInt64(clamping: end - start + CGRF.nodeHeaderSize))
                } else if kind == Kind.tuple.rawValue {
                    try checkTuple(start, end)
                }
            }
        }

        private mutating func payload(_ index: Int) -> (kind: UInt8, start: Int, end: Int) {
            let start = Int(offsets[index])
            let size = Int(decoder.view.u32(start - 4))
            return (decoder.view.u8(start - CGRF.nodeHeaderSize), start, start + size)
        }

        /// Tuples are checked whether they are reachable or not.
        private mutating func checkTuple(_ start: Int, _ end: Int) throws(CGRFError) {
            let tuple = try decoder.composite(
                kind: Kind.tuple.rawValue, start, end)
            for position in 0..<tuple.count { _ = try child(position, of: tuple) }
        }

        private mutating func child(
            _ position: Int, of composite: Decoder.Composite
        ) throws(CGRFError) -> Int {
            let offset = composite.indices + 4 * position
            let index = decoder.view.u32(offset)
            guard UInt(index) < UInt(offsets.count) else {
                throw decoder.error(
                    .badIndex, at: offset, found: UInt64(index),
                    allowed: UInt64(clamping: offsets.count - 1))
            }
            return Int(index)
        }

        /// Runs the value pass from one node.
        mutating func value(of root: Int) throws(CGRFError) -> Value {
            if nodes[root].depth > 0 { return nodes[root].value }
            var stack = ValueStack(capacity: 16)
            var frames: [Frame] = []
            try enter(root, &frames)
            while var frame = frames.popLast() {
                if frame.next < frame.composite.count {
                    let index = try child(frame.next, of: frame.composite)
                    let node = nodes[index]
                    if node.depth > 0 {
                        frame.next += 1
                        frame.depth = max(frame.depth, node.depth + 1)
                        try add(node.expansion, to: &frame)
                        stack.push(node.value)
                        frames.append(frame)
                    } else {
                        guard node.depth != Node.unfinished else {
                            let offset = frame.composite.indices + 4 * frame.next
                            throw decoder.error(.cycle, at: offset, found: UInt64(index))
                        }
                        frames.append(frame)
                        try enter(index, &frames)
                    }
                } else {
                    guard Int(frame.depth) <= decoder.limits.depthMax else {
                        throw tooDeep(Int(frame.depth), at: frame.composite.start)
                    }
                    let value = try decoder.build(frame.composite, from: &stack)
                    nodes[frame.index] = Node(
                        value: value, depth: frame.depth, expansion: frame.expansion)
                }
            }
            return nodes[root].value
        }

        /// Starts on a node with children.
        private mutating func enter(_ index: Int, _ frames: inout [Frame]) throws(CGRFError) {
            let (kind, start, end) = payload(index)
            guard frames.count < decoder.limits.depthMax else {
                throw tooDeep(frames.count + 1, at: start)
            }
            let composite = try decoder.composite(kind: kind, start, end)
            nodes[index].depth = Node.unfinished
            let size = UInt64(clamping: end - start + CGRF.nodeHeaderSize)
            frames.append(Frame(index: index, composite: composite, expansion: size))
        }

        private mutating func add(_ expansion: UInt64, to frame: inout Frame) throws(CGRFError) {
            // Neither exceeds `expansionMax`, which is far from overflowing.
            let sum = frame.expansion + expansion
            guard sum <= expansionMax - UInt64(CGRF.headerSize) else {
                throw decoder.error(
                    .expansionTooLarge, at: frame.composite.start, found: sum,
                    allowed: expansionMax)
            }
            frame.expansion = sum
        }

        private mutating func tooDeep(_ depth: Int, at offset: Int) -> CGRFError {
            decoder.error(
                .tooDeep, at: offset, found: UInt64(clamping: depth),
                allowed: UInt64(clamping: decoder.limits.depthMax))
        }
    }
}
#endif
