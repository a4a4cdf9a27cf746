// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TheaterAPI
import TheaterClient

/// A port with TLS.
@Suite("An encrypted port of a node", .serialized)
struct EncryptionTests {
    private static func certificate(in folder: Folder) async throws {
        let made = try await Program.output(
            of: [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-keyout", "key.pem", "-out", "certificate.pem", "-days", "2", "-subj",
                "/CN=node.test", "-addext", "subjectAltName=DNS:localhost,DNS:node.test",
            ], in: folder, withErrors: true)
        try #require(
            FileManager.default.fileExists(atPath: folder.path("certificate.pem")), "\(made)")
        chmod(folder.path("key.pem"), 0o600)
    }

    @Test("clients that know the certificate are served, by every name that the node has")
    func served() async throws {
        let folder = try Folder()
        try await Self.certificate(in: folder)
        let node = try await RunningNode(
            [
                "--listen", "127.0.0.1:0", "--tls-cert", "certificate.pem", "--tls-key", "key.pem",
                "--host-name", "node.test",
            ], in: folder)
        let port = try #require(
            node.program.stderr.components(separatedBy: "https://127.0.0.1:").dropFirst().first
                .flatMap { Int($0.prefix { $0.isNumber }) }, "\(node.program.stderr)")
        let token = try await node.client.createToken("far", scope: .observe)["token"]?.string ?? ""
        let client = try TheaterClient(
            address: "https://localhost:\(port)", token: token,
            authority: folder.path("certificate.pem"))
        #expect(try await client.node()["version"]?.string != nil)
        await client.close()
        let list = try await Finished(
            ["ps", "--server", "https://localhost:\(port)"], in: folder,
            environment: [
                "THEATER_TOKEN": token, "THEATER_AUTHORITY": folder.path("certificate.pem"),
            ])
        #expect(list.status == 0, "\(list.stderr)")
        let stranger = try TheaterClient(address: "https://localhost:\(port)", token: token)
        await #expect(throws: ClientError.self) { try await stranger.node() }
        await stranger.close()
        // As another client sees it, by the name that was given and by one that was not.
        let program = """
            import http.client, ssl, sys
            context = ssl.create_default_context(cafile="certificate.pem")
            context.check_hostname = False
            for host in ["node.test", "evil.example"]:
                client = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[1]), context=context)
                client.request("GET", "/v1/node", headers={"Host": host, "Authorization": "Bearer " + sys.argv[2]})
                print(client.getresponse().status, client.sock.version())
            client = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
            try:
                client.request("GET", "/v1/node")
                print(client.getresponse().status)
            except (OSError, http.client.HTTPException) as error:
                print("not in the clear")
            """
        let seen = try await Program.output(
            of: ["python3", "-I", "-c", program, "\(port)", token], in: folder, withErrors: true)
        #expect(seen == "200 TLSv1.3\n403 TLSv1.3\nnot in the clear\n")
        #expect(await node.stop() == 0)
    }

    @Test("a key that others may read, or that is none, is refused; and so is an open port")
    func refused() async throws {
        let folder = try Folder()
        try await Self.certificate(in: folder)
        func serve(_ arguments: [String]) async throws -> Finished {
            try await Finished(["serve"] + arguments, in: folder)
        }
        let files = ["--tls-cert", "certificate.pem", "--tls-key", "key.pem"]
        let lonely = try await serve(["--listen", "127.0.0.1:0", "--tls-cert", "certificate.pem"])
        #expect(lonely.status == 2)
        #expect(try await serve(files).status == 2)
        #expect(
            try await serve(["--listen", "0.0.0.0:0"]).stderr.contains("[server.not-loopback]"))
        chmod(folder.path("key.pem"), 0o644)
        let open = try await serve(["--listen", "127.0.0.1:0"] + files)
        #expect(open.status != 0 && open.stderr.contains("[server.certificate]"), "\(open.stderr)")
        chmod(folder.path("key.pem"), 0o600)
        try folder.write("no key", to: "key.pem")
        let none = try await serve(["--listen", "127.0.0.1:0"] + files)
        #expect(none.stderr.contains("[server.certificate]"), "\(none.stderr)")
    }
}
