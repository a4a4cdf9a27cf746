// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing
import TheaterPlatform

@testable import TheaterChain

let log = EventType(interface: "theater:simple/runtime", function: "log")

/// A directory that is gone after the test.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    var template = Array("/tmp/theater-chain-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    defer {
        for name in (try? SystemDisk().list(path)) ?? [] { remove(path + "/" + name) }
        rmdir(path)
    }
    return try await body(path)
}

/// All events of a chain.
func events(
    _ reader: JournalReader, _ actor: ActorID, in range: Range<UInt64>? = nil
) throws -> [ChainEvent] {
    var cursor = try reader.events(of: actor, in: range)
    var events: [ChainEvent] = []
    while let event = try cursor.next() { events.append(event) }
    return events
}

/// The identity number `number` of the tests.
func actor(_ number: UInt64) -> ActorID { ActorID(high: 0xA000 + number, low: number) }

/// Options with small segments, and with a delay that never ends by itself.
func smallOptions(segment: Int = 1024) -> JournalOptions {
    var options = JournalOptions()
    options.segmentSizeMax = segment
    options.asyncDelay = .seconds(3600)
    return options
}

extension SimulatedDisk {
    static let directory = "/journal"

    func open(_ options: JournalOptions = smallOptions()) throws(JournalError) -> Journal {
        try Journal.open(directory: Self.directory, options: options, disk: self)
    }

    func reader() throws(JournalError) -> JournalReader {
        try Journal.openReadOnly(directory: Self.directory, disk: self)
    }

    static func segment(_ number: UInt32) -> String {
        directory + "/" + JournalFiles.segment(number)
    }
}

/// A closed journal of several segments with two chains; payloads are their own numbers.
func smallJournal(segment: Int = 700, count: Int = 6) async throws -> SimulatedDisk {
    let disk = SimulatedDisk()
    let journal = try disk.open(smallOptions(segment: segment))
    let chains = try (1...2).map { try journal.makeChain(actor: actor($0), name: "actor-\($0)") }
    for index in 0..<count {
        for chain in chains {
            try chain.append(
                log, payload: Array("payload \(index)".utf8), time: WallTime(nanoseconds: 7))
        }
        try await journal.sync()
    }
    try await journal.close()
    return disk
}
