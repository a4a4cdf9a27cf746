// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import TheaterLaunch

/// An open descriptor with one owner, closed at its end.
struct OpenFile: ~Copyable {
    let number: Int32

    /// Takes over an open descriptor; `nil` for a refusal, whose `errno` is still there.
    init?(_ number: Int32) {
        guard number >= 0 else { return nil }
        self.number = number
    }

    deinit { close(number) }

    /// What the file is. Answers for every descriptor that is open.
    var status: stat {
        var status = stat()
        // A descriptor that is open has a status; one of zeros is no kind of file.
        if fstat(number, &status) != 0 { status = stat() }
        return status
    }

    var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }

    // MARK: Opening below a folder

    /// A handle that names a file and opens nothing.
    static let pathOnly: Int32 = 0o10000000

    /// How a path is followed: `openat2`'s `RESOLVE_…`.
    struct Following: OptionSet {
        let rawValue: UInt64
        /// Not to another disk.
        static let sameDisk = Following(rawValue: 0x01)
        /// Not through the links of `/proc`, which lead anywhere.
        static let noMagicLinks = Following(rawValue: 0x02)
        /// Through no links.
        static let noLinks = Following(rawValue: 0x04)
        /// Never out of the folder, whatever links and renames say meanwhile.
        static let beneath = Following(rawValue: 0x08)
    }

    /// How often a path is tried again that others change while it is followed.
    private static let triesMax = 256

    /// Opens a path from a folder on.
    ///
    /// - Returns: the descriptor; -1 with `errno`.
    static func open(
        _ path: UnsafePointer<CChar>, in folder: Int32, _ flags: Int32, _ following: Following,
        mode: UInt64 = 0
    ) -> Int32 {
        // The system refuses what it does not know, so nothing of this is silently ignored.
        let how = [
            UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), mode, following.rawValue,
        ]
        for _ in 0..<triesMax {
            let number = how.withUnsafeBytes { how in
                Kernel.perform(
                    .openHow, Int(folder), Int(bitPattern: path),
                    Int(bitPattern: how.baseAddress), how.count)
            }
            if number >= 0 { return Int32(truncatingIfNeeded: number) }
            guard errno == EAGAIN || errno == EINTR else { return -1 }
        }
        errno = EAGAIN
        return -1
    }

    // MARK: Reading and writing

    /// Reads from a place on until there is enough, or the end; `nil` with `errno`.
    func read(_ sizeMax: Int, from offset: UInt64) -> [UInt8]? {
        guard var place = off_t(exactly: offset) else { return [] }
        var hasFailed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: sizeMax) { buffer, count in
            count = 0
            while count < sizeMax {
                let size = pread(
                    number, buffer.baseAddress.map { $0 + count }, sizeMax - count, place)
                if size == 0 { return }
                if size < 0 {
                    if errno == EINTR { continue }
                    hasFailed = true
                    return
                }
                count += size
                place += off_t(size)
            }
        }
        return hasFailed ? nil : bytes
    }

    /// Writes everything at the descriptor's place.
    ///
    /// - Returns: how much was written; less than all with `errno`.
    func write(_ bytes: [UInt8]) -> Int {
        // A limit on the size of files ends the process otherwise. This thread is one for files.
        var limit = sigset_t()
        sigemptyset(&limit)
        sigaddset(&limit, SIGXFSZ)
        pthread_sigmask(SIG_BLOCK, &limit, nil)
        var done = 0
        while done < bytes.count {
            let size = bytes.withUnsafeBytes { buffer in
                Glibc.write(number, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if size > 0 {
                done += size
            } else if size == 0 {
                errno = ENOSPC
                return done
            } else if errno != EINTR {
                return done
            }
        }
        return done
    }
}
