// What the actor remembers between documents.
record state {
    documents: u64,
    words: u64,
    sentences: u64,
    // How often each term occurred, sorted by term; the rarest are forgotten beyond 2000.
    vocabulary: map<string, u32>,
}

// Everything that was ever digested.
record totals {
    documents: u64,
    words: u64,
    sentences: u64,
    terms: u64,
    top: list<tuple<string, u32>>,
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
    theater:digest/digest {
        // Reads a Markdown or plain text document and describes it.
        digest: func(state: state, document: string) -> result<tuple<state, string>, string>
        // What all documents together amount to.
        totals: func(state: state) -> result<tuple<state, totals>, string>
    }
}
