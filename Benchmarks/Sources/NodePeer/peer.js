// SPDX-License-Identifier: Apache-2.0
// Node's side of the benchmarks of programs, in the protocol of Sources/bench/ErlangPeer.swift.
"use strict";
const { spawn } = require("node:child_process");
const readline = require("node:readline");

// Resolves when a program is over and all its output was read.
function finished(child) {
    return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(`it ended with ${code}`))));
    });
}

const workloads = {
    async short(count) {
        for (let i = 0; i < count; i++) await finished(spawn("/bin/true", [], { stdio: ["pipe", "ignore", "ignore"] }));
    },
    async raw(size) {
        const child = spawn("/bin/sh", ["-c", `head -c ${size} /dev/zero | cat`], { stdio: ["pipe", "pipe", "ignore"] });
        let total = 0;
        child.stdout.on("data", (piece) => { total += piece.length; });
        await finished(child);
        if (total !== size) throw new Error("not all came");
    },
    async lines(count) {
        const child = spawn("/usr/bin/seq", [`${count}`], { stdio: ["pipe", "pipe", "ignore"] });
        let total = 0;
        readline.createInterface({ input: child.stdout }).on("line", () => { total += 1; });
        await finished(child);
        if (total !== count) throw new Error("not all came");
    },
};

console.log(`ready Node ${process.version}`);
(async () => {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const [name, number] = line.split(" ");
        const start = process.hrtime.bigint();
        try {
            await workloads[name](Number(number));
            console.log(`${process.hrtime.bigint() - start}`);
        } catch (error) {
            console.log(`error ${error.message}`);
        }
    }
})();
