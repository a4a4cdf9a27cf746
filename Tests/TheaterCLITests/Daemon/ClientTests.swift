// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterAPI
import TheaterClient

@Suite("A client and the ends of its connections")
struct ClientTests {
    // Goal: a question that met the end of its connection is asked once more, and what may have been done is
    // never done twice. Method: a relay that ends each connection before anything is answered, and counts them.
    @Test("asks again what changes nothing, once, and nothing else")
    func endOfConnection() async throws {
        let node = try await RunningNode()
        let path = node.socketPath + ".relay"
        let relay = try CuttingRelay(at: path, to: node.socketPath, after: 0)
        let client = TheaterClient(socketPath: path)
        let asked = await #expect(throws: ClientError.self) { try await client.node() }
        #expect(asked?.code == "client.connection")
        #expect(relay.connections == 2)
        let told = await #expect(throws: ClientError.self) {
            try await client.createToken("twice", scope: .observe)
        }
        #expect(told?.code == "client.connection")
        #expect(relay.connections == 3)
        await client.close()
        #expect(await node.stop() == 0)
    }
}
