// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// A file of the repository that is part of the binary.
struct EmbeddedFile: Sendable {
    /// Its path below its folder.
    let path: String
    /// Its content.
    let text: String
}

/// The dashboard: files for a browser, which asks the API for everything that they show.
enum DashboardPages {
    /// A file, ready to be sent.
    struct Page: Sendable {
        let type: String
        let text: String

        /// The page with rules for the browser: it may load, ask and run nothing that is not from
        /// here, no page may frame it, and text never becomes markup.
        var response: Response {
            Response(
                status: .ok,
                headers: [
                    .contentType: type, .cacheControl: "no-cache",
                    .contentSecurityPolicy: DashboardPages.policy,
                    .referrerPolicy: "no-referrer",
                ],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    static let policy =
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

    /// The pages by their paths.
    private static let pages: [String: Page] = {
        var pages: [String: Page] = [:]
        for file in EmbeddedFiles.dashboard {
            let page = Page(type: type(of: file.path), text: file.text)
            pages[file.path == "index.html" ? "/" : "/dashboard/" + file.path] = page
        }
        return pages
    }()

    /// What is at a path.
    static func page(_ path: Substring) -> Page? { pages[String(path)] }

    private static func type(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "text/plain; charset=utf-8"
        }
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy") ?? .eTag
}
