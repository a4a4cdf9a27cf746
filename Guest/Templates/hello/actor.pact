// The types of the actor, what it calls, and what others may call.
record state {
    count: u64,
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
    {{name}}:greeter/greeter {
        greet: func(state: state, name: string) -> result<tuple<state, string>, string>
    }
}
