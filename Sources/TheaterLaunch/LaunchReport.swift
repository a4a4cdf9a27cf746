// SPDX-License-Identifier: Apache-2.0

/// What a keeper tells the node of its program.
public enum LaunchReport: Sendable, Hashable {
    /// What could not be done before the program ran.
    public enum Step: Int32, Sendable, Hashable {
        /// Reading the request.
        case request
        /// Making another process.
        case fork
        /// Making the namespaces of the sandbox.
        case sandbox
        /// Making a session.
        case session
        /// Tying the program's life to its keeper's.
        case deathSignal
        /// Placing standard input, output and error.
        case streams
        /// Entering the folder.
        case folder
        /// Setting the limits.
        case limits
        /// Giving up further privileges.
        case privileges
        /// Closing other descriptors.
        case descriptors
        /// Becoming the program.
        case execute
    }

    /// The program runs, under this system's number; the sandbox was left out for this `errno`. The keeper is
    /// the process that the launcher will tell of should it be killed, see ``LaunchNotice``.
    case started(pid: Int32, keeper: Int32, sandboxError: Int32)
    /// It does not run.
    case failed(Step, errno: Int32)
    /// It ended by itself.
    case exited(code: Int32)
    /// A signal ended it.
    case signalled(Int32)
    /// Neither it nor anything that it started is left.
    case gone

    /// The bytes of a report.
    public static let size = 16

    /// The report as one datagram.
    public var encoded: [UInt8] {
        switch self {
        case .started(let pid, let keeper, let error): Words.bytes(1, pid, keeper, error)
        case .failed(let step, let error): Words.bytes(2, step.rawValue, error, 0)
        case .exited(let code): Words.bytes(3, code, 0, 0)
        case .signalled(let signal): Words.bytes(4, signal, 0, 0)
        case .gone: Words.bytes(5, 0, 0, 0)
        }
    }

    /// Reads a datagram; `nil` when it is no report.
    public init?(_ bytes: ArraySlice<UInt8>) {
        guard let numbers = Words.read(bytes, count: 4) else { return nil }
        switch numbers[0] {
        case 1: self = .started(pid: numbers[1], keeper: numbers[2], sandboxError: numbers[3])
        case 2:
            guard let step = Step(rawValue: numbers[1]) else { return nil }
            self = .failed(step, errno: numbers[2])
        case 3: self = .exited(code: numbers[1])
        case 4: self = .signalled(numbers[1])
        case 5: self = .gone
        default: return nil
        }
    }
}

/// What the node tells a keeper. The end of their connection is an order too: ``finish``.
public enum LaunchOrder: Sendable, Hashable {
    /// Sends a signal to the program.
    case signal(Int32)
    /// Sends a signal to the program's process group, and lets those go on that are stopped.
    case signalGroup(Int32)
    /// Ends the program and all that it started, at once.
    case finish

    /// The bytes of an order.
    public static let size = 8

    /// The order as one datagram.
    public var encoded: [UInt8] {
        switch self {
        case .signal(let signal): Words.bytes(1, signal)
        case .signalGroup(let signal): Words.bytes(2, signal)
        case .finish: Words.bytes(3, 0)
        }
    }

    /// Reads a datagram; `nil` when it is no order.
    public init?(_ bytes: ArraySlice<UInt8>) {
        guard let numbers = Words.read(bytes, count: 2) else { return nil }
        switch numbers[0] {
        case 1: self = .signal(numbers[1])
        case 2: self = .signalGroup(numbers[1])
        case 3: self = .finish
        default: return nil
        }
    }
}

/// What the launcher tells the node on the socket of its requests: a keeper with a program was killed, and what
/// it had kept is gone since.
public struct LaunchNotice: Sendable, Hashable {
    /// The keeper's number, as in ``LaunchReport/started(pid:keeper:sandboxError:)``.
    public let keeper: Int32

    /// The bytes of a notice.
    public static let size = 4

    /// Makes a notice.
    public init(keeper: Int32) { self.keeper = keeper }

    /// The notice as one datagram.
    public var encoded: [UInt8] { Words.bytes(keeper) }

    /// Reads a datagram; `nil` when it is no notice.
    public init?(_ bytes: ArraySlice<UInt8>) {
        guard let keeper = Words.read(bytes, count: 1)?.first else { return nil }
        self.keeper = keeper
    }
}

private enum Words {
    static func bytes(_ words: Int32...) -> [UInt8] {
        words.flatMap { word in withUnsafeBytes(of: word.littleEndian) { Array($0) } }
    }

    static func read(_ bytes: ArraySlice<UInt8>, count: Int) -> [Int32]? {
        guard bytes.count == count * 4 else { return nil }
        return (0..<count).map { index in
            let start = bytes.startIndex + index * 4
            return Int32(
                bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
    }
}
