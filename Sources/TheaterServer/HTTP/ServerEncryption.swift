// SPDX-License-Identifier: Apache-2.0

internal import NIOSSL
internal import TheaterPlatform

extension ServerOptions.Encryption {
    /// Reads the files.
    ///
    /// - Throws: `server.certificate`.
    func configuration() throws(ServerError) -> TLSConfiguration {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
            guard let key = try PrivateFile.read(keyPath, sizeMax: 1 << 20) else {
                throw ServerError(.certificate, "the key '\(keyPath)' is not there")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            // Whether both belong together.
            _ = try NIOSSLContext(configuration: configuration)
            return configuration
        } catch let error as ServerError {
            throw error
        } catch {
            throw ServerError(
                .certificate,
                "the certificate '\(certificatePath)' and the key '\(keyPath)' cannot be used: \(error); give a "
                    + "certificate in PEM and its key, which its owner alone may read")
        }
    }
}
