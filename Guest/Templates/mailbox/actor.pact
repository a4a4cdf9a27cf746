// A message that was kept; without a sender it came from outside of the node.
record letter {
    sender: option<string>,
    text: string,
}

// The newest letters, the oldest of them first, and how many came in all.
record state {
    letters: list<letter>,
    count: u64,
}

imports {
    theater:simple/message-server-host {
        send: func(actor-id: string, msg: list<u8>) -> result<_, string>
        request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    // What others reach the actor with. The runtime passes the sender.
    theater:simple/message-server-client {
        handle-send: func(state: state, data: list<u8>, sender: option<string>) ->
            result<state, string>
        handle-request: func(state: state, request-id: string, data: list<u8>) ->
            result<tuple<state, option<list<u8>>>, string>
    }
    {{name}}:mailbox/mailbox {
        // The letters that are kept.
        letters: func(state: state) -> result<tuple<state, list<letter>>, string>
        // Sends a text to an actor, and does not wait.
        post: func(state: state, to: string, text: string) -> result<state, string>
        // Asks an actor, and waits for its answer.
        ask: func(state: state, to: string, question: string) ->
            result<tuple<state, string>, string>
    }
}
