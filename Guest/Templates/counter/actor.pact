// A counter with limits and a memory of its last changes.
enum direction { up, down }

variant change {
    step(direction),
    jump(s64),
    reset,
}

record bounds {
    lowest: s64,
    highest: s64,
}

record state {
    value: s64,
    bounds: option<bounds>,
    history: list<change>,
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    {{name}}:counter/counter {
        apply: func(state: state, change: change) -> result<tuple<state, s64>, string>
        limit: func(state: state, bounds: option<bounds>) -> result<tuple<state>, string>
        value: func(state: state) -> result<tuple<state, s64>, string>
        history: func(state: state, newest: u32) -> result<tuple<state, list<change>>, string>
    }
}
