// SPDX-License-Identifier: Apache-2.0

public import TheaterChain
public import TheaterPlatform
public import TheaterReplay

/// An exported chain, to be run again: its events, and the code and the manifest that it brings.
///
/// Believes nothing: the replay checks what the events say of each other. Whether the node signed them is
/// for `BundleVerifier`.
public final class BundleRecording<Source: ByteSource>: ReplayLibrary {
    /// Whose chain it is.
    public let actor: ActorID
    /// How many events it says that it has.
    public var count: UInt64 { reader.count }
    private var reader: BundleReader<Source>
    /// The first event, which ends what comes before the events.
    private var first: ChainEvent?
    private var contents: [Digest: [UInt8]] = [:]
    /// Whether the bundle brings more than is held.
    private var isOverfull = false
    /// The hash of the newest event that was handed out; `nil` before the first.
    public private(set) var head: Digest?

    /// Reads what comes before the events.
    ///
    /// - Parameter sizeMax: how many bytes of code and manifests are held: the largest module that a
    ///   node runs, and as much again for what else it ran.
    /// - Throws: what reading the bundle throws.
    public init(_ source: Source, contentsSizeMax sizeMax: Int = 512 << 20) throws(ProofError) {
        reader = try BundleReader(source)
        actor = reader.actor
        var room = sizeMax
        while let part = try reader.next() {
            switch part {
            case .checkpoint: break
            case .content(let digest, let bytes):
                guard bytes.count <= room else {
                    isOverfull = true
                    continue
                }
                room -= bytes.count
                contents[digest] = bytes
            case .event(let evidence):
                first = evidence.event(of: reader.actor)
                return
            }
        }
    }

    /// The events. Can be read once.
    public func events() -> ReplayEvents {
        ReplayEvents { () throws(ReplayError) in
            do throws(ProofError) {
                let event = try self.next()
                if let event { self.head = event.hash }
                return event
            } catch {
                throw ReplayError.unreadable("the bundle", error)
            }
        }
    }

    private func next() throws(ProofError) -> ChainEvent? {
        if let event = first {
            first = nil
            return event
        }
        guard case .event(let evidence)? = try reader.next() else { return nil }
        return evidence.event(of: actor)
    }

    /// The code that the bundle brings for a life, with the limits of its manifest.
    public func code(for birth: ReplayBirth) async throws(ReplayError) -> ReplayCode {
        guard let wasm = contents[birth.module] else {
            throw ReplayError(
                .noCode,
                isOverfull
                    ? "the bundle brings more code than a replay holds, so the wasm \(birth.module) that its "
                        + "chain names was left out; give it with --wasm FILE"
                    : "the bundle does not bring the wasm \(birth.module) that its chain names; give it "
                        + "with --wasm FILE")
        }
        return try code(wasm, for: birth)
    }

    /// Other code for a life, with the limits of its manifest; of those that most actors have, when the
    /// bundle does not bring it.
    public func code(_ wasm: [UInt8], for birth: ReplayBirth) throws(ReplayError) -> ReplayCode {
        guard let manifest = contents[birth.manifest] else { return ReplayCode(wasm: wasm) }
        return try StoredCode.code(wasm, manifest: manifest)
    }
}
