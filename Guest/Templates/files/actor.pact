// How many notes this actor wrote.
record state {
    written: u64,
}

imports {
    theater:simple/filesystem {
        read-file: func(path: string) -> result<list<u8>, string>
        list-files: func(path: string) -> result<list<string>, string>
        delete-file: func(path: string) -> result<_, string>
    }
    theater:simple/files {
        write-atomic: func(path: string, content: list<u8>) -> result<_, string>
    }
}

exports {
    theater:simple/actor {
        init: func(state: value) -> result<state, string>
    }
    {{name}}:notes/notes {
        // Keeps a note under a name; answers how many were written.
        keep: func(state: state, name: string, text: string) -> result<tuple<state, u64>, string>
        // A note's text.
        show: func(state: state, name: string) -> result<tuple<state, string>, string>
        // The names of all notes.
        names: func(state: state) -> result<tuple<state, list<string>>, string>
        // Throws a note away.
        drop: func(state: state, name: string) -> result<state, string>
    }
}
