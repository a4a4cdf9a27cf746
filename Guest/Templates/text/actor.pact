// Statistics of a text file.
record statistics {
    bytes: u64,
    lines: u64,
    words: u64,
    longest-line: u64,
}

record state {
    documents: u64,
    total: statistics,
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    {{name}}:text/text {
        measure: func(state: state, document: list<u8>) -> result<tuple<state, string>, string>
        totals: func(state: state) -> result<tuple<state, statistics>, string>
    }
}
