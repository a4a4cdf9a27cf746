// Every form of type that an actor can use, and names that need care in Swift.
type id = u64
type pair-of-names = tuple<string, string>

record empty {}

record numbers {
    truth: bool,
    a: u8, b: u16, c: u32, d: u64,
    e: s8, f: s16, g: s32, h: s64,
    i: f32, j: f64,
    letter: char,
    mask: flags,
}

record everything {
    class: string,
    self: option<id>,
    init: list<u8>,
    default-value: value,
    names: pair-of-names,
    single: tuple<u32>,
    nothing: tuple<>,
    outcome: result<u32, string>,
    refused: result<_, problem>,
    odd: result<string, u32>,
    nested: option<option<string>>,
    table: map<string, list<u16>>,
    unique: set<string>,
    rights: rights,
    tree: tree,
    boxed: box<color>,
}

record packed {
    bools: list<bool>, bytes: list<u8>, u16s: list<u16>, u32s: list<u32>, u64s: list<u64>,
    s8s: list<s8>, s16s: list<s16>, s32s: list<s32>, s64s: list<s64>,
    f32s: list<f32>, f64s: list<f64>, chars: list<char>, masks: list<flags>,
    texts: list<string>, values: list<value>,
}

record node {
    value: s64,
    next: option<node>,
    children: list<node>,
}

record box<t> {
    content: t,
    spare: option<t>,
}

enum color { red, green, deep-blue }

flags rights { read, write, run-as-root }

variant tree {
    leaf,
    number(s64),
    both(tuple<tree, tree>),
    many(list<tree>),
    marked(option<color>),
    nothing(tuple<>),
}

variant problem {
    not-found,
    denied(string),
}

imports {
    theater:simple/runtime {
        log: func(msg: string)
        shutdown: func(data: option<list<u8>>) -> result<_, string>
    }
    test:store/key-value-store {
        get: func(key: string) -> result<option<value>, problem>
        put: func(key: string, value: value, rights: rights) -> result<_, u32>
        now: func() -> u64
        count-all: func() -> tuple<u32, u32>
        flush: func() -> result<_, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<node, string>
    }
    test:types/types {
        numbers: func(v: numbers) -> numbers
        everything: func(v: everything) -> everything
        packed: func(v: packed) -> packed
        empty: func(v: empty) -> empty
        node: func(v: node) -> node
        any: func(v: value) -> value
        pair: func(v: tuple<string, u32>) -> tuple<string, u32>
        single: func(v: tuple<u32>) -> tuple<u32>
        nothing: func()
        swap: func(first: u32, second: string) -> tuple<string, u32>
        fail: func(how: problem) -> result<u32, problem>
        refuse: func(code: u32) -> result<_, u32>
        outcome: func(v: result<u32, string>) -> result<result<u32, string>, string>
    }
    test:types/stateful {
        touch: func(state: node) -> result<node, string>
        push: func(state: node, value: s64) -> result<tuple<node>, string>
        measure: func(state: node, again: bool) -> result<tuple<node, u32, string>, problem>
        call-host: func(state: node, key: string) -> result<tuple<node, option<value>>, string>
    }
}
