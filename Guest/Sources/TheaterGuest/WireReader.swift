// SPDX-License-Identifier: Apache-2.0

extension Wire {
    /// A CGRF buffer being read as Swift types.
    ///
    /// Nodes are named by their index. Every length and index is compared with the buffer before
    /// it is used. The buffer must outlive the reader.
    public struct Reader: ~Copyable {
        let base: UnsafeRawPointer
        let size: Int
        private let offsets: UnsafeMutablePointer<UInt32>
        private let count: UInt32
        /// The number of nodes.
        var nodeCount: UInt32 { count }
        /// The node that is the whole value.
        public let root: UInt32
        /// What is being read, for messages.
        var place = Place()

        /// Where in the arguments or in the answer the reader stands.
        struct Place {
            var parameter: StaticString = ""
            var field: StaticString = ""
            var record: StaticString = ""
        }

        @export(interface)
        init(_ base: UnsafeRawPointer, size: Int) throws(Refusal) {
            guard size >= headerSize,
                base.loadUnaligned(as: UInt32.self) == magic,
                base.loadUnaligned(fromByteOffset: 4, as: UInt16.self) == version
            else { throw Refusal(literal: "decode error: not a CGRF buffer of version 2") }
            let count = base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
            let root = base.loadUnaligned(fromByteOffset: 12, as: UInt32.self)
            guard root < count, Int(clamping: count) <= size / nodeHeaderSize else {
                throw Refusal(literal: "decode error: the root is not one of the nodes")
            }
            let offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(count))
            var at = headerSize
            for index in 0..<Int(count) {
                guard size - at >= nodeHeaderSize,
                    case let payload = base.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self),
                    payload <= UInt32(truncatingIfNeeded: size - at - nodeHeaderSize)
                else {
                    offsets.deallocate()
                    throw Refusal(literal: "decode error: the buffer is truncated")
                }
                offsets[index] = UInt32(truncatingIfNeeded: at)
                at += nodeHeaderSize + Int(payload)
            }
            guard at == size else {
                offsets.deallocate()
                throw Refusal(literal: "decode error: something follows the last node")
            }
            self.base = base
            self.size = size
            self.offsets = offsets
            self.count = count
            self.root = root
        }

        deinit { offsets.deallocate() }

        // MARK: Errors

        /// The beginning of an error: the place that is being read.
        @inline(never) func message() -> Message {
            var message = Message()
            if place.parameter.utf8CodeUnitCount > 0 {
                message.add("parameter '")
                message.add(place.parameter)
                message.add("': ")
            }
            if place.record.utf8CodeUnitCount > 0 {
                message.add("field '")
                message.add(place.field)
                message.add("' of record '")
                message.add(place.record)
                message.add("': ")
            }
            return message
        }

        @export(interface) @inline(never)
        func mismatch(_ expected: StaticString, found node: UInt32) -> Refusal {
            var message = message()
            message.add("expected ")
            message.add(expected)
            message.add(", got ")
            message.add(Kind.name(node < count ? kind(node) : 0))
            return Refusal(message)
        }

        @export(interface) @inline(never) func malformed(_ kind: StaticString) -> Refusal {
            var message = message()
            message.add("decode error: malformed ")
            message.add(kind)
            return Refusal(message)
        }

        @export(interface) @inline(never)
        func wrongCount(_ what: StaticString, _ expected: Int, _ found: Int) -> Refusal {
            var message = message()
            message.add("expected ")
            message.add(expected)
            message.add(" ")
            message.add(what)
            message.add(", got ")
            message.add(found)
            return Refusal(message)
        }

        // MARK: Nodes

        /// The kind of a node that is known to be there.
        @export(interface)
        func kind(_ node: UInt32) -> UInt8 {
            base.load(fromByteOffset: Int(offsets[Int(node)]), as: UInt8.self)
        }

        /// Opens a node of one kind.
        @export(interface) @inline(never)
        func open(
            _ node: UInt32, _ expected: UInt8, _ name: StaticString
        ) throws(Refusal) -> Payload {
            guard node < count else { throw malformed(name) }
            guard kind(node) == expected else { throw mismatch(name, found: node) }
            return payload(node)
        }

        /// The payload of a node that is known to be there.
        @export(interface) @inline(never) func payload(_ node: UInt32) -> Payload {
            let start = base + Int(offsets[Int(node)])
            let size = start.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            return Payload(start + nodeHeaderSize, Int(size))
        }

        // MARK: Parts

        /// The children of a tuple or list.
        public struct Children {
            let start: UnsafeRawPointer
            /// How many there are.
            public let count: Int
        }

        /// The node index of one child.
        @export(interface)
        public func child(_ children: Children, _ index: Int) -> UInt32 {
            guard index >= 0, index < children.count else { return .max }
            return children.start.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
        }

        /// Opens a tuple of exactly `count` items.
        @export(interface)
        public func tuple(_ node: UInt32, _ count: Int) throws(Refusal) -> Children {
            var payload = try open(node, Kind.tuple, "tuple")
            let items = payload.children()
            guard !payload.isBroken else { throw malformed("tuple") }
            guard items.count == count else { throw wrongCount("tuple items", count, items.count) }
            return items
        }
    }
}
