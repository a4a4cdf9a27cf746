// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterManifest

/// One text and exactly the lines that are printed about it.
struct Golden: Sendable, CustomTestStringConvertible {
    let text: String
    let lines: [String]

    /// A text that starts with `name` and `package` in lines 1 and 2.
    init(_ text: String, _ lines: String..., bare: Bool = false) {
        self.text = bare ? text : head + text
        self.lines = lines
    }

    var testDescription: String { lines.first ?? "accepted" }
}

/// The texts that are wrong in one way each.
let goldens: [Golden] =
    syntaxGoldens + keyGoldens + valueGoldens + handlerGoldens
    + supervisionGoldens + policyGoldens + variableGoldens

private let syntaxGoldens: [Golden] = [
    Golden(
        "name \"a\"",
        "a.toml:1:6: '=' must follow the key 'name', found '\"' [manifest.syntax]", bare: true),
    Golden(
        "version = ture",
        "a.toml:3:11: 'ture' is not a value; did you mean true? [manifest.syntax]"),
    Golden(
        "version = \"1\" \"2\"",
        "a.toml:3:15: '\"' stands where the line should end; put one key on each line, and "
            + "quotes around text [manifest.syntax]"),
    Golden(
        "version = \"open",
        "a.toml:3:11: the string that starts here is not closed; end it with \" "
            + "[manifest.syntax]"),
    Golden(
        "description = \"\"\"\nopen",
        "a.toml:3:15: the string that starts here is not closed; end it with \"\"\" "
            + "[manifest.syntax]"),
    Golden(
        "description = \"a\\qb\"",
        "a.toml:3:17: '\\' with 'q' is not an escape; write \\\\ for a backslash, or put the "
            + "text in single quotes [manifest.syntax]"),
    Golden(
        "description = \"\\ud800\"",
        "a.toml:3:16: the escape names no character of Unicode [manifest.syntax]"),
    Golden(
        "[limits\nmailbox = 1",
        "a.toml:3:8: the header is not closed, found the end of the line; end it with ] "
            + "[manifest.syntax]"),
    Golden(
        "[exports]\nrpc = [\"a:b/c\"\n",
        "a.toml:4:7: the array that starts here is not closed; end it with ] "
            + "[manifest.syntax]"),
    Golden(
        "limits = { mailbox = 1,\n memory = 1 }",
        "a.toml:3:24: a key must stand here, found the end of the line; an inline table ends "
            + "on its line, without a comma behind the last value [manifest.syntax]"),
    Golden(
        "version = 99999999999999999999",
        "a.toml:3:11: '99999999999999999999' does not fit 64 bits; write a number below 2^63 "
            + "[manifest.syntax]"),
    Golden(
        "version = 007",
        "a.toml:3:11: '007' starts with a zero; leave the zero out [manifest.syntax]"),
    Golden(
        "version = 2020-13-45",
        "a.toml:3:11: '2020-13-45' is a date or time, which no key of a manifest takes; put "
            + "it in quotes [manifest.wrong-type]"),
    Golden(
        "= 1",
        "a.toml:3:1: a key must stand here, found '=' [manifest.syntax]"),
    Golden(
        "name = \"b\"",
        "a.toml:3:1: 'name' is already defined at 1:1; remove one of the two "
            + "[manifest.duplicate-key]"),
    Golden(
        "[limits]\nmailbox = 1\n[limits]\n",
        "a.toml:5:2: 'limits' is already defined at 3:2; remove one of the two "
            + "[manifest.duplicate-key]"),
    Golden(
        "[name]\nx = 1",
        "a.toml:3:2: 'name' is already defined at 1:1; remove one of the two "
            + "[manifest.duplicate-key]"),
    Golden(
        "name.x = 1",
        "a.toml:3:1: 'name' is a value since line 1, so it cannot hold keys "
            + "[manifest.duplicate-key]"),
    Golden(
        "a.b = 1\n[a]\nc = 1",
        "a.toml:4:1: the text is not valid TOML: Error while parsing table header: cannot "
            + "redefine existing table 'a' [manifest.syntax]"),
    Golden(
        "x = \(String(repeating: "[", count: 40))",
        "a.toml:3:36: tables and arrays are nested deeper than 32 levels; flatten the value "
            + "[manifest.too-deep]"),
    Golden(
        "description = \"a\u{0}b\"",
        "a.toml:3:17: the control character U+0000 cannot stand in a manifest; remove it, or "
            + "write it as an escape [manifest.syntax]"),
]

private let keyGoldens: [Golden] = [
    Golden(
        "",
        "a.toml:1:1: 'name' is missing from the manifest; it must be a string "
            + "[manifest.missing-key]",
        "a.toml:1:1: 'package' is missing from the manifest; it must be the path of the "
            + "actor's wasm, relative to this file [manifest.missing-key]", bare: true),
    Golden(
        "[limits]\nmailbox = 5\n  max_memry = 1",
        "a.toml:5:3: 'max_memry' is not a key of [limits]; did you mean 'memory'? "
            + "[manifest.unknown-key]"),
    Golden(
        "limits = { mailbox = 5, fuel_percall = 3 }",
        "a.toml:3:25: 'fuel_percall' is not a key of [limits]; did you mean 'fuel_per_call'? "
            + "[manifest.unknown-key]"),
    Golden(
        "descripton = \"x\"",
        "a.toml:3:1: 'descripton' is not a key of the manifest; did you mean 'description'? "
            + "[manifest.unknown-key]"),
    Golden(
        "zzz = 1",
        "a.toml:3:1: 'zzz' is not a key of the manifest [manifest.unknown-key]"),
    Golden(
        "component = \"x.wasm\"",
        "a.toml:3:1: 'component' is an old name; rename it to 'package' "
            + "[manifest.unsupported]"),
    Golden(
        "save_chain = false",
        "a.toml:3:1: 'save_chain' cannot be false: the chain is always kept; remove it; with "
            + "durability = \"memory\" under [chain] it ends with the process "
            + "[manifest.unsupported]"),
    Golden(
        "replay = \"chain.json\"",
        "a.toml:3:1: 'replay' is not a part of a manifest: to replay is a command's work; remove "
            + "it; look at a chain with `theater chain show`, and check it with `theater chain "
            + "verify` [manifest.unsupported]"),
    Golden(
        "include = \"https://example.org/base.toml\"",
        "a.toml:3:1: 'include' is not supported; write the keys out: a manifest is one file "
            + "[manifest.unsupported]"),
    Golden(
        "[permissions]\nx = 1",
        "a.toml:3:2: 'permissions' is not supported: it never had an effect; grant handlers "
            + "with [[handler]], and restrict them with [permission_policy] "
            + "[manifest.unsupported]"),
    Golden(
        "[permission_polcy.process]\ntype = \"inherit\"",
        "a.toml:3:2: 'permission_polcy' is not a key of the manifest; did you mean "
            + "'permission_policy'? [manifest.unknown-key]"),
    Golden(
        "[limits]\nfuel = 5",
        "a.toml:4:1: 'fuel' is not exact enough; use 'fuel_per_call' or 'fuel_per_life' "
            + "[manifest.unsupported]"),
    Golden(
        "strategy = \"one-for-one\"",
        "a.toml:3:1: 'strategy' is a key of [supervision]; move it there "
            + "[manifest.misplaced-key]"),
    Golden(
        "memory = \"1MiB\"",
        "a.toml:3:1: 'memory' is a key of [limits]; move it there [manifest.misplaced-key]"),
    Golden(
        "[limits]\nmailbox = 1\ninitial_state = \"x\"",
        "a.toml:5:1: 'initial_state' stands after [limits], so it belongs to that table; "
            + "move it above the first table in line 3 [manifest.misplaced-key]"),
    Golden(
        "[chain]\nmailbox = 1",
        "a.toml:4:1: 'mailbox' is a key of [limits]; move it there [manifest.misplaced-key]"),
    Golden(
        "package2 = \"x\"\nversion = 1",
        "a.toml:3:1: 'package2' is not a key of the manifest; did you mean 'package'? "
            + "[manifest.unknown-key]",
        "a.toml:4:11: 'version' must be a string, found integer 1 [manifest.wrong-type]"),
]

private let valueGoldens: [Golden] = [
    Golden(
        "version = 1",
        "a.toml:3:11: 'version' must be a string, found integer 1 [manifest.wrong-type]"),
    Golden(
        "description = 2020-01-01",
        "a.toml:3:15: '2020-01-01' is a date or time, which no key of a manifest takes; put "
            + "it in quotes [manifest.wrong-type]"),
    Golden(
        "limits = 5",
        "a.toml:3:10: 'limits' must be a table, found integer 5; write [limits] with its "
            + "keys below [manifest.wrong-type]"),
    Golden(
        "[[limits]]\nmailbox = 1",
        "a.toml:3:1: 'limits' must be a table, found an array; write [limits] with its keys "
            + "below [manifest.wrong-type]"),
    Golden(
        "[limits]\nmemory = \"64 megs\"",
        "a.toml:4:10: 'memory' must be a size such as \"64MiB\" from 64KiB to 4GiB, found "
            + "string \"64 megs\" [manifest.wrong-type]"),
    Golden(
        "[limits]\nmemory = 100",
        "a.toml:4:10: 'memory' must be a size such as \"64MiB\" from 64KiB to 4GiB, found "
            + "integer 100 [manifest.out-of-range]"),
    Golden(
        "[limits]\ncall_timeout = 30",
        "a.toml:4:16: 'call_timeout' must be a duration such as \"30s\" or \"500ms\" from "
            + "1ms to 24h, found integer 30 [manifest.wrong-type]"),
    Golden(
        "[limits]\ncall_timeout = \"25h\"",
        "a.toml:4:16: 'call_timeout' must be a duration such as \"30s\" or \"500ms\" from "
            + "1ms to 24h, found string \"25h\" [manifest.out-of-range]"),
    Golden(
        "[limits]\nmailbox = \"ten\"",
        "a.toml:4:11: 'mailbox' must be an integer from 1 to 1000000, found string \"ten\" "
            + "[manifest.wrong-type]"),
    Golden(
        "[chain]\ndurability = \"stric\"",
        "a.toml:4:14: 'durability' must be one of \"memory\", \"async\", \"strict\", found "
            + "string \"stric\"; did you mean \"strict\"? [manifest.invalid-value]"),
    Golden(
        "[chain]\ndurability = \"strict\"\ndelay = \"5ms\"",
        "a.toml:5:1: 'delay' has no meaning with durability \"strict\"; remove it, or set "
            + "durability = \"async\" [manifest.conflict]"),
    Golden(
        "on_error = true",
        "a.toml:3:12: 'on_error' must be one of \"fail\", \"continue\", found boolean true "
            + "[manifest.wrong-type]"),
    Golden(
        "sha256 = \"abc\"",
        "a.toml:3:10: 'sha256' must be 64 hexadecimal digits; print them with sha256sum "
            + "[manifest.invalid-value]"),
    Golden(
        "initial_state = 5",
        "a.toml:3:17: 'initial_state' must be a string, found integer 5; write a typed value "
            + "as initial_state_value = '…' [manifest.wrong-type]"),
    Golden(
        "initial_state = \"a\"\ninitial_state_value = \"1\"",
        "a.toml:4:1: 'initial_state_value' and 'initial_state' exclude each other; remove "
            + "one of them [manifest.conflict]"),
    Golden(
        "[exports]\nrpc = \"a:b/c\"",
        "a.toml:4:7: 'rpc' must be an array of strings, found string \"a:b/c\"; put it in "
            + "brackets [manifest.wrong-type]"),
    Golden(
        "[exports]\nrpc = [\"a:b/c\", 5, \"b/c\"]",
        "a.toml:4:17: each item of 'rpc' must be a string, found integer 5 "
            + "[manifest.wrong-type]"),
    Golden(
        "[exports]\nrpc = [\n  \"a:b/c\",\n  \"b/c\",\n  \"a:b/c\" ]",
        "a.toml:6:3: \"b/c\" is not an interface name; write it as "
            + "namespace:package/interface [manifest.invalid-value]",
        "a.toml:7:3: \"a:b/c\" is already listed at 5:3; remove one of the two "
            + "[manifest.duplicate-key]"),
    Golden(
        "name = \"My Actor\"\npackage = \"\"",
        "a.toml:1:8: 'name' must be up to 64 of a-z, 0-9, '-', '_' and '.', starting with a "
            + "letter or digit; \"my-actor\" would do [manifest.invalid-value]",
        "a.toml:2:11: 'package' is empty; it must be the path of the actor's wasm, relative "
            + "to this file [manifest.invalid-value]", bare: true),
    Golden(
        "name = \"a\"\npackage = \"https://example.org/a.wasm\"",
        "a.toml:2:11: 'package' with 'https://' is not supported: nothing is taken from the "
            + "network; get the file, check it, and write its path, or put it into the store "
            + "[manifest.unsupported]", bare: true),
    Golden(
        "name = \"a\"\npackage = \"store://\"",
        "a.toml:2:11: 'package' names nothing of the store; write store:// and what the store "
            + "has it under [manifest.invalid-value]", bare: true),
    Golden(
        "name = \"a\"\npackage = \"ftp://x\"",
        "a.toml:2:11: 'package' with 'ftp://' is not supported; write a path relative to this "
            + "file, or store:// [manifest.unsupported]", bare: true),
    Golden(
        "name = \"a\"\npackage = [1]",
        "a.toml:2:11: 'package' must be the path of the actor's wasm, relative to this file, "
            + "found an array [manifest.wrong-type]", bare: true),
]

private let handlerGoldens: [Golden] = [
    Golden(
        "[[handler]]\ntype = \"runtime\"\ninitial_state = \"x\"",
        "a.toml:5:1: 'initial_state' stands after [[handler]], so it belongs to handler "
            + "'runtime'; move it above the first table in line 3 [manifest.misplaced-key]"),
    Golden(
        "[[handlers]]\ntype = \"runtime\"\n[handlers.config]\npackage = \"x\"",
        "a.toml:6:1: 'package' stands after [[handlers]], so it belongs to handler "
            + "'runtime'; move it above the first table in line 3 [manifest.misplaced-key]"),
    Golden(
        "[[handler]]\ntype = \"runtime\"\n\n[[handler]]\ntype = \"runtime\"",
        "a.toml:7:8: handler 'runtime' is already granted at 4:8; keep one entry with all "
            + "keys [manifest.duplicate-handler]"),
    Golden(
        "[handler]\ntype = \"runtime\"",
        "a.toml:3:1: 'handler' must be an array of tables, found a table; write [[handler]] "
            + "for each handler [manifest.wrong-type]"),
    Golden(
        "handlers = [ \"runtime\" ]",
        "a.toml:3:14: each item of 'handlers' must be a table, found string \"runtime\"; "
            + "write [[handlers]] with a 'type' [manifest.wrong-type]"),
    Golden(
        "[[handler]]\nallowed = 1",
        "a.toml:3:1: 'type' is missing from [[handler]]; it must be a string "
            + "[manifest.missing-key]"),
    Golden(
        "[[handler]]\ntyp = \"tcp\"",
        "a.toml:4:1: 'typ' is not a key of [[handler]]; did you mean 'type'? "
            + "[manifest.unknown-key]"),
    Golden(
        "[[handler]]\ntype = 5",
        "a.toml:4:8: 'type' must be a string, found integer 5 [manifest.wrong-type]"),
    Golden(
        "[[handler]]\ntype = \"TCP client\"",
        "a.toml:4:8: \"TCP client\" is not the name of a handler [manifest.invalid-value]"),
    Golden(
        "[[handlers]]\ntype = \"tcp\"\nlisten = \"x\"\nconfig = {}",
        "a.toml:5:1: 'listen' stands beside 'config'; keep all keys of the handler in one of "
            + "the two places [manifest.conflict]"),
    Golden(
        "[[handlers]]\ntype = \"tcp\"\nconfig = 5",
        "a.toml:5:10: 'config' must be a table, found integer 5 [manifest.wrong-type]"),
    Golden(
        "handler = [ { type = \"a\" }, { type = \"a\" } ]",
        "a.toml:3:38: handler 'a' is already granted at 3:22; keep one entry with all keys "
            + "[manifest.duplicate-handler]"),
]
