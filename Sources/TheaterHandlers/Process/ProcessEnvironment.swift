// SPDX-License-Identifier: Apache-2.0

internal import TheaterCapability
internal import TheaterManifest
internal import TheaterProcess

/// The environment of an actor's processes.
struct ProcessEnvironment: Sendable {
    /// Variables that decide what code a program loads or runs. A pattern never covers them: they must be
    /// in the grant by their exact names.
    private static let steering: Set<String> = [
        "PATH", "IFS", "ENV", "SHELLOPTS", "BASHOPTS", "PS4", "PROMPT_COMMAND", "SHELL", "ZDOTDIR",
        "FPATH", "CDPATH", "INPUTRC", "GLIBC_TUNABLES", "GCONV_PATH", "LOCPATH", "NLSPATH",
        "HOSTALIASES", "RESOLV_HOST_CONF", "TERMINFO", "TERMINFO_DIRS", "JDK_JAVA_OPTIONS",
        "_JAVA_OPTIONS", "CLASSPATH", "EDITOR", "VISUAL", "BROWSER", "PAGER", "MANPAGER",
        "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "GCC_EXEC_PREFIX", "COMPILER_PATH",
        "RUSTFLAGS", "SSH_ASKPASS", "SUDO_ASKPASS", "PHPRC",
    ]
    private static let steeringPrefixes = [
        "LD_", "DYLD_", "BASH_", "GIT_", "MALLOC_", "PYTHON", "PERL", "RUBY", "NODE_",
        "NPM_CONFIG_", "npm_config_", "JAVA_", "LUA_", "PHP_", "ERL_", "DOTNET_", "CORECLR_",
        "COR_", "RUSTC_", "CARGO_", "MAKE", "LESS", "GTK_", "GIO_", "QT_", "R_",
    ]
    /// Variables that lead to settings, which may name code in turn. The node's own say nothing that the actor
    /// chose, so they are inherited.
    private static let homes: Set<String> = [
        "HOME", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_DATA_HOME", "XDG_DATA_DIRS",
    ]

    /// The most variables that an actor may ask for.
    static let countMax = 1024

    private let base: [String: String]
    private let exact: NameSet
    private let patterns: NameSet

    /// Reads the keys; what is wrong with them is left to the reader.
    init(_ grant: inout SectionReader, node: [String: String]) {
        let names = grant.strings("env_allow") ?? []
        let inherits = grant.bool("inherit_env") ?? false
        let isPattern = { (name: String) in name.utf8.last == UInt8(ascii: "*") }
        exact = (try? NameSet(names.filter { !isPattern($0) })) ?? .empty
        patterns = (try? NameSet(names.filter(isPattern), takesPatterns: true)) ?? .empty
        var base = [
            "PATH": ProgramFile.searchPath.joined(separator: ":"), "LANG": "C.UTF-8",
        ]
        if let zone = node["TZ"] { base["TZ"] = zone }
        if inherits {
            for (name, value) in node where !Self.isSteering(name) || exact.contains(name) {
                base[name] = value
            }
        }
        self.base = base
    }

    private static func isSteering(_ name: String) -> Bool {
        steering.contains(name) || steeringPrefixes.contains { name.hasPrefix($0) }
    }

    /// The variables of a process, as `NAME=value`, sorted. A later one of a name counts.
    func variables(
        _ asked: [(name: String, value: String)]
    ) throws(ProcessError) -> [String] {
        guard asked.count <= Self.countMax else {
            throw ProcessError(
                .tooLarge,
                "\(asked.count) variables are asked for, the most is \(Self.countMax); ask for fewer"
            )
        }
        var variables = base
        for (name, value) in asked {
            guard !name.isEmpty, !name.utf8.contains(UInt8(ascii: "=")),
                name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }), !value.utf8.contains(0)
            else {
                throw ProcessError(
                    .badVariable,
                    "\"\(String(describing: name.prefix(64)))\" cannot be a variable: a name has no "
                        + "'=' and no control character, a value no NUL; correct it")
            }
            let isAllowed =
                exact.contains(name)
                || patterns.contains(name) && !Self.isSteering(name) && !Self.homes.contains(name)
            guard isAllowed else {
                throw ProcessError(
                    .variableDenied,
                    "the grant does not have the variable '\(name.prefix(64))'; add it to env_allow, "
                        + "by its exact name if it steers what programs load, or do without")
            }
            variables[name] = value
        }
        return variables.map { "\($0.key)=\($0.value)" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
