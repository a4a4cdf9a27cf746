// SPDX-License-Identifier: Apache-2.0

public import TheaterPlatform

/// How the chain of a fork begins: where it left another chain, and what the actor is made from.
///
/// The fork's own events follow the other chain's up to there: to run its code again takes both.
public struct Fork: Sendable, Hashable {
    /// Whose chain it left.
    public let actor: ActorID
    /// The last event of that chain that is the fork's past, too.
    public let sequence: UInt64
    /// The hash of that event.
    public let hash: Digest
    /// The wasm.
    public let module: Digest
    /// The manifest.
    public let manifest: Digest
    /// What the fork is called.
    public let name: String?
    /// The handlers that it may use.
    public let grants: [String]
    /// Whether what would change the world is refused.
    public let isDryRun: Bool
    /// The actor's state at that event, in the guest's encoding.
    public let state: [UInt8]

    /// Makes a beginning.
    public init(
        of actor: ActorID, at sequence: UInt64, hash: Digest, module: Digest, manifest: Digest,
        name: String?, grants: [String], isDryRun: Bool, state: [UInt8]
    ) {
        self.actor = actor
        self.sequence = sequence
        self.hash = hash
        self.module = module
        self.manifest = manifest
        self.name = name
        self.grants = grants
        self.isDryRun = isDryRun
        self.state = state
    }

    /// Writes the fields in their order.
    func put(_ out: inout PayloadEncoder) {
        out.bytes += actor.bytes
        out.put(sequence)
        for digest in [hash, module, manifest] { out.put(digest) }
        out.put(optional: name) { $0.put($1) }
        out.put(UInt64(grants.count))
        for grant in grants { out.put(grant) }
        out.bytes.append(isDryRun ? 1 : 0)
        out.put(state)
    }

    /// Reads the fields in their order.
    init(_ input: inout PayloadDecoder) throws(PayloadError) {
        actor = try input.actor("parent")
        sequence = try input.varint("sequence")
        hash = try input.digest("hash")
        module = try input.digest("module")
        manifest = try input.digest("manifest")
        name = try input.flag("name") ? try input.text("name") : nil
        var grants: [String] = []
        for _ in 0..<(try input.count("grants")) { grants.append(try input.text("grant")) }
        self.grants = grants
        isDryRun = try input.flag("dry run")
        state = try input.blob("state")
    }
}
