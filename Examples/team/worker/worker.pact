// What a worker remembers of its present life; a crash loses it.
record state {
    parts: u64,
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    theater:simple/message-server-client {
        // Counts the words of a part of a text. The answer is one line for each word: the word, a space, its count.
        handle-request: func(state: state, request-id: string, part: list<u8>) -> result<tuple<state, option<list<u8>>>, string>
    }
}
