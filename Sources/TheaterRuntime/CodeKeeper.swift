// SPDX-License-Identifier: Apache-2.0

public import TheaterChain

/// Keeps what recorded actors are made from, under the digests that their chains name, so that the
/// chains can be replayed.
///
/// A keeper that cannot keep something says so in its log; the actor is started all the same, and a
/// replay of its chain has to be given the wasm.
public protocol CodeKeeper: Sendable {
    /// Whether both are kept already. Asked whenever an actor is spawned, so it must cost next to
    /// nothing and not block.
    func has(module: Digest, manifest: Digest) -> Bool

    /// Keeps a wasm and the recorded bytes of a manifest. Called when ``has(module:manifest:)`` says no;
    /// the spawn waits for it.
    func keep(
        wasm: [UInt8], as module: Digest, manifest: [UInt8], as manifestDigest: Digest) async
}
