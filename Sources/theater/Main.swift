// SPDX-License-Identifier: Apache-2.0

internal import TheaterCLI

/// The `theater` program.
@main
enum Main {
    static func main() async { await CommandLineTool.main() }
}
