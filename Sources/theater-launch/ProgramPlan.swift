// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// How a process becomes the program.
///
/// The new process borrows its keeper's memory, on a stack of its own, while the keeper stands still until
/// the program runs or has failed. So what it notes here, the keeper sees.
struct ProgramPlan {
    private static let stackSize = 256 * 1024
    private static let busyTriesMax = 20
    /// In microseconds.
    private static let busyPause: UInt32 = 5000
    private static let emptyPathFlag = 0x1000
    private static let closeOnExecFlag = 4
    private static let memoryAndWait = Int32(0x100 | 0x4000)
    private static let limitNumbers = (cpu: 0, fileSize: 1, core: 4, files: 7, memory: 9)

    private let plan: UnsafeMutablePointer<Plan>

    private struct Plan {
        let arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        let environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
        let descriptors: [Int32]
        let options: LaunchRequest.Options
        let limits: LaunchRequest.Limits
        let isSandboxed: Bool
        let keeper: pid_t
        var failure: (LaunchReport.Step, Int32)?
    }

    init(_ request: LaunchRequest, _ descriptors: [Int32], isSandboxed: Bool) {
        plan = .allocate(capacity: 1)
        plan.initialize(
            to: Plan(
                arguments: Self.list(request.arguments),
                environment: Self.list(request.environment), descriptors: descriptors,
                options: request.options, limits: request.limits, isSandboxed: isSandboxed,
                keeper: getpid()))
    }

    private static func list(
        _ texts: [String]
    ) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> {
        let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
            capacity: texts.count + 1)
        for (index, text) in texts.enumerated() { (list + index).initialize(to: strdup(text)) }
        (list + texts.count).initialize(to: nil)
        return list
    }

    /// Gives its memory back, when the program runs.
    func deallocate() {
        for list in [plan.pointee.arguments, plan.pointee.environment] {
            var item = list
            while let text = item.pointee {
                free(text)
                item += 1
            }
            list.deallocate()
        }
        plan.deinitialize(count: 1)
        plan.deallocate()
    }

    /// What could not be done; known when ``start()`` has returned.
    var failure: (LaunchReport.Step, Int32)? { plan.pointee.failure }

    /// Starts the program; returns when it runs or has failed.
    func start() -> pid_t {
        let stack = UnsafeMutableRawPointer.allocate(
            byteCount: Self.stackSize, alignment: 16)
        // The new process has left it when this one goes on.
        defer { stack.deallocate() }
        let pid = Kernel.clone(
            { argument in
                // SAFETY: `start` passes the plan, which lives until the program runs.
                if let argument {
                    ProgramPlan.become(argument.assumingMemoryBound(to: Plan.self))
                }
                _exit(127)
            }, stack + Self.stackSize, Self.memoryAndWait | SIGCHLD, plan)
        if pid < 0 { plan.pointee.failure = (.fork, errno) }
        return pid
    }

    // MARK: In the new process

    private static func become(_ plan: UnsafeMutablePointer<Plan>) {
        func fail(_ step: LaunchReport.Step) { plan.pointee.failure = (step, errno) }
        let descriptors = plan.pointee.descriptors
        func descriptor(_ slot: LaunchRequest.Slot) -> Int32 { descriptors[slot.rawValue] }

        guard setsid() >= 0 else { return fail(.session) }
        guard Process.dieWithParent(SIGKILL), getppid() == plan.pointee.keeper else {
            return fail(.deathSignal)
        }
        guard dup2(descriptor(.input), 0) == 0, dup2(descriptor(.output), 1) == 1,
            dup2(descriptor(.error), 2) == 2
        else { return fail(.streams) }
        guard fchdir(descriptor(.folder)) == 0 else { return fail(.folder) }
        guard set(plan.pointee.limits) else { return fail(.limits) }
        if plan.pointee.isSandboxed { Process.dropCapabilities() }
        guard Process.giveUpPrivileges() else { return fail(.privileges) }
        guard closeOthers() else { return fail(.descriptors) }
        let file = descriptor(.program)
        if plan.pointee.options.contains(.isScript) { _ = fcntl(file, F_SETFD, 0) }
        // Their meanings are the default ones since the launcher began.
        Process.unblockSignals()
        let path: StaticString = ""
        // A file that was just written is busy for as long as some process that was forked meanwhile, by
        // whomever, has not got round to its own `exec`.
        for _ in 0..<busyTriesMax {
            Kernel.perform(
                .executeAt, Int(file), Int(bitPattern: path.utf8Start),
                Int(bitPattern: plan.pointee.arguments), Int(bitPattern: plan.pointee.environment),
                emptyPathFlag)
            if errno != ETXTBSY { break }
            usleep(busyPause)
        }
        fail(.execute)
    }

    private static func set(_ limits: LaunchRequest.Limits) -> Bool {
        let wanted: [(Int, UInt64?)] = [
            (limitNumbers.core, 0), (limitNumbers.cpu, limits.cpuSeconds),
            (limitNumbers.files, limits.openFiles), (limitNumbers.fileSize, limits.fileSize),
            (limitNumbers.memory, limits.memory),
        ]
        for (resource, limit) in wanted {
            guard let limit else { continue }
            var current: [UInt64] = [0, 0]
            let known = current.withUnsafeMutableBufferPointer {
                Kernel.perform(.prlimit, 0, resource, 0, Int(bitPattern: $0.baseAddress))
            }
            guard known == 0 else { return false }
            // What the node itself may not exceed stays.
            let bound = min(limit, current[1])
            let pair = [bound, bound]
            let isSet = pair.withUnsafeBufferPointer {
                Kernel.perform(.prlimit, 0, resource, Int(bitPattern: $0.baseAddress), 0)
            }
            guard isSet == 0 else { return false }
        }
        return true
    }

    /// Has all other descriptors closed by the `exec`. Every one should be marked so already.
    private static func closeOthers() -> Bool {
        let isDone = Kernel.perform(.closeRange, 3, Int(UInt32.max), closeOnExecFlag) == 0
        if !isDone {
            for number in Int32(3)..<1024 { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
        }
        return true
    }
}
