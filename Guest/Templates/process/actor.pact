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

record state {
    lines: u64,
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
        shutdown: func(data: option<list<u8>>) -> result<_, string>
    }
    theater:simple/process {
        os-spawn: func(config: process-config) -> result<u64, string>
        os-write-stdin: func(pid: u64, data: list<u8>) -> result<u32, string>
    }
    theater:simple/process-control {
        os-close-stdin: func(pid: u64) -> result<_, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    theater:simple/process-handlers {
        handle-stdout: func(state: state, pid: u64, data: list<u8>) -> result<state, string>
        handle-stderr: func(state: state, pid: u64, data: list<u8>) -> result<state, string>
        handle-exit: func(state: state, pid: u64, code: s32) -> result<state, string>
    }
}
