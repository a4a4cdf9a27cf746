// How the output of a program is cut.
variant output-mode { raw, line-by-line, json, chunked }

// A program to start.
record process-config {
    program: string,
    args: list<string>,
    cwd: option<string>,
    env: list<tuple<string, string>>,
    buffer-size: u32,
    stdout-mode: output-mode,
    stderr-mode: output-mode,
    chunk-size: option<u32>,
    execution-timeout: option<u64>,
}

// What a request to the server was for.
variant purpose { greeting, tools, call }

// A request that waits for its answer.
record request {
    id: u64,
    purpose: purpose,
}

// What the agent wants: the list of tools, or one called.
record job {
    // The message that is answered.
    message: string,
    // The request, as JSON.
    wish: list<u8>,
}

// The conversation with the server, and what waits for it. The first job is under way when a request for it waits.
record state {
    server: u64,
    requests: u64,
    waiting: option<request>,
    is-ready: bool,
    jobs: list<job>,
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
    }
    theater:simple/message-server-host {
        respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>
    }
    theater:simple/process {
        os-spawn: func(config: process-config) -> result<u64, string>
        os-write-stdin: func(pid: u64, data: list<u8>) -> result<u32, string>
    }
    theater:simple/timer {
        clear-interval: func(name: string) -> result<_, string>
    }
    theater:simple/timer-once {
        set-timeout: func(name: string, delay-ms: u64) -> result<string, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    theater:simple/message-server-client {
        // A wish: {} for the list of tools, or {"tool": …, "arguments": …}. The answer has "text" and may have
        // "failed" or "lost".
        handle-request: func(state: state, request-id: string, wish: list<u8>) -> result<tuple<state, option<list<u8>>>, string>
    }
    theater:simple/process-handlers {
        handle-stdout: func(state: state, pid: u64, data: list<u8>) -> result<state, string>
        handle-stderr: func(state: state, pid: u64, data: list<u8>) -> result<state, string>
        handle-exit: func(state: state, pid: u64, code: s32) -> result<state, string>
    }
    theater:simple/timer {
        handle-tick: func(state: state, name: string) -> result<state, string>
    }
}
