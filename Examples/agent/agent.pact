// What the agent was asked to look at.
record state {
    folder: string,
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
        shutdown: func(data: option<list<u8>>) -> result<_, string>
    }
    theater:simple/supervisor {
        list-children: func() -> result<list<string>, string>
    }
    theater:simple/message-server-host {
        request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
    }
    theater:simple/timer-once {
        set-timeout: func(name: string, delay-ms: u64) -> result<string, string>
    }
    theater:simple/timing {
        sleep: func(duration: u64) -> result<_, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    theater:simple/timer {
        handle-tick: func(state: state, name: string) -> result<state, string>
    }
}
