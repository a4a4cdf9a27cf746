// SPDX-License-Identifier: Apache-2.0

/// What the launcher is asked to start. The descriptors travel beside it, in the order of ``Slot``.
public struct LaunchRequest: Sendable, Hashable {
    /// The descriptors that come with a request.
    public enum Slot: Int, Sendable, CaseIterable {
        /// Where reports go and orders come from.
        case control
        /// The program's file.
        case program
        /// What becomes the program's standard input.
        case input
        /// What becomes the program's standard output.
        case output
        /// What becomes the program's standard error.
        case error
        /// The folder in which the program starts.
        case folder
    }

    /// How a program is confined beyond its limits.
    public struct Options: OptionSet, Sendable, Hashable {
        /// The bits.
        public let rawValue: UInt32
        /// Makes options of bits.
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        /// The program's file stays open, because its interpreter reads it.
        public static let isScript = Options(rawValue: 1)
        /// New user, process, mount and IPC namespaces, and no capability.
        public static let sandbox = Options(rawValue: 2)
        /// The sandbox keeps the node's network.
        public static let keepsNetwork = Options(rawValue: 4)
        /// Where the kernel refuses the sandbox, the program runs without it.
        public static let maySkipSandbox = Options(rawValue: 8)
    }

    /// What a program may use at most.
    public struct Limits: Sendable, Hashable {
        /// Seconds of processor time.
        public var cpuSeconds: UInt64?
        /// Bytes of address space.
        public var memory: UInt64?
        /// Open files.
        public var openFiles: UInt64?
        /// Bytes of one file that it writes.
        public var fileSize: UInt64?

        /// Makes limits; `nil` for those of the node.
        public init(
            cpuSeconds: UInt64? = nil, memory: UInt64? = nil, openFiles: UInt64? = nil,
            fileSize: UInt64? = nil
        ) {
            self.cpuSeconds = cpuSeconds
            self.memory = memory
            self.openFiles = openFiles
            self.fileSize = fileSize
        }
    }

    /// The arguments, the program's own name first. None has a NUL.
    public var arguments: [String]
    /// The environment, each as `NAME=value`. None has a NUL.
    public var environment: [String]
    /// How the program is confined.
    public var options: Options
    /// What it may use.
    public var limits: Limits

    /// The most bytes of a request.
    public static let sizeMax = 160 * 1024

    /// Makes a request.
    public init(
        arguments: [String], environment: [String] = [], options: Options = [],
        limits: Limits = Limits()
    ) {
        self.arguments = arguments
        self.environment = environment
        self.options = options
        self.limits = limits
    }

    /// Whether its keeper can take another program when nothing of this one is left.
    public var mayFollow: Bool { !options.contains(.sandbox) }

    // MARK: Bytes

    private static let version: UInt32 = 1

    /// The request as one datagram.
    public var encoded: [UInt8] {
        var bytes: [UInt8] = []
        func put(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        put(Self.version)
        put(options.rawValue)
        for limit in [limits.cpuSeconds, limits.memory, limits.openFiles, limits.fileSize] {
            put(limit ?? .max)
        }
        for list in [arguments, environment] {
            put(UInt32(list.count))
            for text in list {
                put(UInt32(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            }
        }
        return bytes
    }

    /// Reads a datagram; `nil` when it is no request of this version.
    public init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        func take<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
            let size = MemoryLayout<Number>.size
            guard rest.count >= size else { return nil }
            defer { rest = rest.dropFirst(size) }
            return rest.prefix(size).reversed().reduce(0) { $0 << 8 | Number($1) }
        }
        func takeTexts() -> [String]? {
            guard let count = take(UInt32.self), count <= rest.count else { return nil }
            var texts: [String] = []
            for _ in 0..<count {
                guard let size = take(UInt32.self), size <= rest.count else { return nil }
                texts.append(String(decoding: rest.prefix(Int(size)), as: UTF8.self))
                rest = rest.dropFirst(Int(size))
            }
            return texts
        }
        func takeLimit() -> UInt64?? {
            guard let number = take(UInt64.self) else { return nil }
            return .some(number == .max ? nil : number)
        }
        guard take(UInt32.self) == Self.version, let options = take(UInt32.self),
            let cpu = takeLimit(), let memory = takeLimit(), let files = takeLimit(),
            let size = takeLimit(), let arguments = takeTexts(), let environment = takeTexts(),
            rest.isEmpty
        else { return nil }
        self.init(
            arguments: arguments, environment: environment, options: Options(rawValue: options),
            limits: Limits(cpuSeconds: cpu, memory: memory, openFiles: files, fileSize: size))
    }
}
