// SPDX-License-Identifier: Apache-2.0

import TheaterManifest

let supervisionGoldens: [Golden] = [
    Golden(
        "[supervision]\nstrategy = \"one-for-many\"",
        "a.toml:4:12: 'strategy' must be one of \"one-for-one\", \"one-for-all\", "
            + "\"rest-for-one\", found string \"one-for-many\"; did you mean \"one-for-one\"? "
            + "[manifest.invalid-value]"),
    Golden(
        "[limits]\nmailbox_policy = \"drop-odlest\"",
        "a.toml:4:18: 'mailbox_policy' must be one of \"reject\", \"drop-oldest\", found string "
            + "\"drop-odlest\"; did you mean \"drop-oldest\"? [manifest.invalid-value]"),
    Golden(
        "mailbox_policy = \"reject\"",
        "a.toml:3:1: 'mailbox_policy' is a key of [limits]; move it there "
            + "[manifest.misplaced-key]"),
    Golden(
        "[supervision]\nperiod = \"0s\"\nintensity = -1",
        "a.toml:4:10: 'period' must be a duration such as \"30s\" or \"500ms\" from 1ms to 24h, "
            + "found string \"0s\" [manifest.out-of-range]",
        "a.toml:5:13: 'intensity' must be an integer from 0 to 1000000, found integer -1 "
            + "[manifest.out-of-range]"),
    Golden(
        "[supervision]\nbackoff = { initial = \"2s\", max = \"1s\" }",
        "a.toml:4:35: 'max' is less than 'initial'; a wait grows up to 'max' "
            + "[manifest.invalid-value]"),
    Golden(
        "[[children]]\nname = \"w\"",
        "a.toml:3:1: 'manifest' is missing from [[children]]; it must be a string "
            + "[manifest.missing-key]"),
    Golden(
        "[[children]]\nname = \"w\"\nmanifest = \"w.toml\"\n[[children]]\nname = \"w\"\n"
            + "manifest = \"https://a.org/w.toml\"",
        "a.toml:7:8: a child is already named 'w' at 4:8; rename one of the two "
            + "[manifest.duplicate-key]",
        "a.toml:8:12: 'manifest' with 'https://' is not supported: nothing is taken from the "
            + "network; get the file, check it, and write its path, or put it into the store "
            + "[manifest.unsupported]"),
    Golden(
        "[[children]]\nname = \"w\"\nmanifest = \"w.toml\"\nshutdown = \"soon\"\nretart = 1",
        "a.toml:6:12: 'shutdown' must be \"kill\", \"infinity\" or a duration such as \"5s\" up "
            + "to 24h, found string \"soon\" [manifest.invalid-value]",
        "a.toml:7:1: 'retart' is not a key of [[children]]; did you mean 'restart'? "
            + "[manifest.unknown-key]"),
    Golden(
        "children = [ \"w.toml\" ]",
        "a.toml:3:14: each item of 'children' must be a table, found string \"w.toml\"; write "
            + "[[children]] with a 'name' and a 'manifest' [manifest.wrong-type]"),
    Golden(
        "[children]\nname = \"w\"",
        "a.toml:3:1: 'children' must be an array of tables, found a table; write [[children]] for "
            + "each child [manifest.wrong-type]"),
    Golden(
        "initial_state = \"a\"\ninitial_state_file = \"b\"",
        "a.toml:4:1: 'initial_state_file' and 'initial_state' exclude each other; remove one of "
            + "them [manifest.conflict]"),
    Golden(
        "initial_state_format = \"cgrf\"",
        "a.toml:3:1: 'initial_state_format' has no meaning without 'initial_state_file'; remove it "
            + "[manifest.conflict]"),
    Golden(
        "initial_state_file = \"https://a.org/x\"",
        "a.toml:3:22: 'initial_state_file' must be a file; write a path, relative to this file "
            + "[manifest.invalid-value]"),
    Golden(
        "[[handler]]\ntype = \"replay\"\nchain = \"c.json\"",
        "a.toml:4:8: handler 'replay' is not a part of a manifest: to replay is a command's work; "
            + "remove it; look at a chain with `theater chain show`, and check it with `theater "
            + "chain verify` [manifest.unsupported]"),
]

let policyGoldens: [Golden] = [
    Golden(
        "[permission_policy.tcp]\ntype = \"forbid\"",
        "a.toml:4:8: 'type' must be one of \"inherit\", \"restrict\", \"disallow\", found string "
            + "\"forbid\" [manifest.invalid-value]"),
    Golden(
        "[permission_policy.tcp]\nconfig = {}",
        "a.toml:3:1: 'type' is missing from 'tcp' of [permission_policy]; it must be one of "
            + "\"inherit\", \"restrict\", \"disallow\" [manifest.missing-key]"),
    Golden(
        "[permission_policy.tcp]\ntype = \"restrict\"",
        "a.toml:3:1: 'config' is missing from 'tcp' of [permission_policy]; name the keys of 'tcp' "
            + "to restrict, or write type = \"inherit\" [manifest.missing-key]"),
    Golden(
        "[permission_policy.tcp]\ntype = \"disallow\"\nconfig = {}",
        "a.toml:5:1: 'config' has no meaning with type \"disallow\"; remove it, or write type = "
            + "\"restrict\" [manifest.conflict]"),
    Golden(
        "[permission_policy.tcp]\ntype = \"disallow\"\n[[handler]]\ntype = \"tcp\"",
        "a.toml:3:20: the policy disallows handler 'tcp', which is granted at 6:8; remove one of "
            + "the two [manifest.conflict]"),
    Golden(
        "[permission_policy]\nmessage_server = { type = \"disallow\" }\n"
            + "message-server = { type = \"disallow\" }",
        "a.toml:5:1: the policy of 'message-server' is already written at 4:1; remove one of the "
            + "two [manifest.duplicate-key]"),
    Golden(
        "permission_policy = \"disallow\"",
        "a.toml:3:21: 'permission_policy' must be a table, found string \"disallow\"; write "
            + "[permission_policy] with its keys below [manifest.wrong-type]"),
]

let variableGoldens: [Golden] = [
    Golden(
        "description = \"in ${regoin}\"\n[variables]\nregion = \"eu\"",
        "a.toml:3:19: there is no variable 'regoin'; did you mean 'region'? "
            + "[manifest.unknown-variable]"),
    Golden(
        "description = \"${x}\"",
        "a.toml:3:16: there is no variable 'x'; declare it under [variables], write "
            + "${x:-default}, or write $${ for the characters themselves "
            + "[manifest.unknown-variable]"),
    Golden(
        "description = \"${open\"",
        "a.toml:3:16: the variable that starts here is not closed; end it with }, or write $${ for "
            + "the characters themselves [manifest.invalid-value]"),
    Golden(
        "description = \"\\u00e9 ${a b}\"",
        "a.toml:3:23: '${a b}' does not name a variable; write ${name} or ${name:-default}, or $${ "
            + "for the characters themselves [manifest.invalid-value]"),
    Golden(
        "description = \"${a:b}\"",
        "a.toml:3:16: '${a:b}' has no '-' behind the colon; write ${a:-default} "
            + "[manifest.invalid-value]"),
    Golden(
        "[variables]\na = \"${b}\"\nb = [1]\n\"c d\" = 1",
        "a.toml:4:5: the default of 'a' mentions a variable; write the value out "
            + "[manifest.invalid-value]",
        "a.toml:5:5: the default of 'b' must be a string, a number, true, false or a secret, found "
            + "an array [manifest.wrong-type]",
        "a.toml:6:1: \"c d\" is not the name of a variable; use letters, digits, '_' and '-', a "
            + "letter first [manifest.invalid-value]"),
    Golden(
        "variables = 1",
        "a.toml:3:13: 'variables' must be a table, found integer 1; write [variables] with a "
            + "default for each name [manifest.wrong-type]"),
    Golden(
        "description = \"key ${key}\"\n[variables]\nkey = { secret = \"env:KEY\" }",
        "a.toml:3:20: 'key' is a secret, and cannot be a part of a longer text; make \"${key}\" the "
            + "whole value of a handler's key [manifest.invalid-value]"),
    Golden(
        "description = \"${key}\"\n[variables]\nkey = { secret = \"env:KEY\" }",
        "a.toml:3:15: 'description' must be a string, found a secret [manifest.wrong-type]"),
    Golden(
        "[variables]\nkey = { secret = \"s3cret\" }",
        "a.toml:4:18: \"s3cret\" does not say where a secret is; write \"env:NAME\" or "
            + "\"file:PATH\" [manifest.invalid-value]"),
]
