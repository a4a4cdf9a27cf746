// What the coordinator remembers between texts.
record state {
    texts: u64,
    words: u64,
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
    }
    theater:simple/supervisor {
        list-children: func() -> result<list<string>, string>
    }
    theater:simple/message-server-host {
        request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    theater:team/coordinator {
        // Counts the words of a text with the help of the workers, and ranks them.
        rank: func(state: state, text: string) -> result<tuple<state, string>, string>
    }
}
