// SPDX-License-Identifier: Apache-2.0

public import TheaterManifest
public import TheaterPlatform
public import TheaterReplay

/// Finds what the lives of recorded actors were made from.
public protocol CodeFinder: Sendable {
    /// The wasm and the manifest of a life.
    ///
    /// - Throws: ``ReplayError`` when they are not kept, or cannot be read.
    func parts(of birth: ReplayBirth) async throws(ReplayError) -> (
        wasm: [UInt8], manifest: Manifest
    )
}

/// What came of bringing actors back.
public struct ResumeReport: Sendable {
    /// An actor that did not come back, and why.
    public struct Problem: Sendable {
        /// The actor.
        public let actor: ActorID
        /// What it was called.
        public let name: String
        /// What is wrong. Its chain stays as it is, and it can be tried again.
        public let error: ActorError
    }

    /// The actors without a parent that live again, each with its children.
    public internal(set) var resumed: [ActorID] = []
    /// Those that do not.
    public internal(set) var problems: [Problem] = []
}
