// SPDX-License-Identifier: Apache-2.0

/// Interfaces whose hashes are known from the system that actors were built for.
struct ReferenceInterface: Sendable {
    let name: String
    let hash: String
    /// The first eight bytes of each function's hash.
    let functions: [String: String]
    let text: String

    static let all: [ReferenceInterface] = [
        ReferenceInterface(
            name: "wisp:assembler/runtime",
            hash: "f62d1c94e045e1f56b802a5044b49e4aed62c3f272f8df9fc1ef876dadb20654",
            functions: ["wat-to-wasm": "38a3b4e1f8f16e3a"],
            text: """
                interface runtime {
                    @package: string = "wisp:assembler"
                    exports {
                        wat-to-wasm: func(wat: string) -> result<list<u8>, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/loop",
            hash: "d65c22ebe2f227fb3f1cec5d5e00c8499a98cf5cbd643e4e735cedb6a96fe7f3",
            functions: [
                "start-loop": "6bfaf92ff6bde594",
                "stop-loop": "edbd5493266ed5b0",
            ],
            text: """
                interface loop {
                    @package: string = "theater:simple"
                    exports {
                        start-loop: func(initial-state: list<u8>) -> result<_, string>
                        stop-loop: func() -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/message-server-host",
            hash: "4c57c8b0b5b79b4dfae06d5011c3096c8802df861de35b29911e1faa462f8576",
            functions: [
                "register": "edbd5493266ed5b0",
                "send": "ff8fdf170b026082",
                "request": "fa6f04313a76176d",
                "list-outstanding-requests": "f70212f58f6cd498",
                "respond-to-request": "ff8fdf170b026082",
                "cancel-request": "9fc837047104a3d4",
                "open-channel": "718f77af58bbecb6",
                "send-on-channel": "ff8fdf170b026082",
                "close-channel": "9fc837047104a3d4",
            ],
            text: """
                interface message-server-host {
                    @package: string = "theater:simple"
                    exports {
                        register: func() -> result<_, string>
                        send: func(actor-id: string, msg: list<u8>) -> result<_, string>
                        request: func(actor-id: string, msg: list<u8>) -> result<list<u8>,
                            string>
                        list-outstanding-requests: func() -> list<string>
                        respond-to-request: func(request-id: string, response: list<u8>) ->
                            result<_, string>
                        cancel-request: func(request-id: string) -> result<_, string>
                        open-channel: func(actor-id: string, initial-msg: list<u8>) ->
                            result<string, string>
                        send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_,
                            string>
                        close-channel: func(channel-id: string) -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/podman",
            hash: "cb7eddd6857e26a49a567d34a3eb61b9b7b269c3c31426c9282469941649e985",
            functions: [
                "run": "ee9493257567bfe0",
                "stop": "9fc837047104a3d4",
                "rm": "2b17dbd1f009e824",
                "list": "e4b469192c95121d",
            ],
            text: """
                interface podman {
                    @package: string = "theater:simple"
                    record mount-spec { source: string, target: string, read-only: bool }
                    record container-spec { image: string, name: string, env: list<tuple<string,
                        string>>, mounts: list<mount-spec>, cmd: list<string>, tty: bool,
                        interactive: bool }
                    record container-info { id: string, name: string, image: string, status:
                        string, exit-code: s32 }
                    exports {
                        run: func(spec: container-spec) -> result<string, string>
                        stop: func(name: string) -> result<_, string>
                        rm: func(name: string, force: bool) -> result<_, string>
                        list: func() -> result<list<container-info>, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/rpc",
            hash: "382ac1a99edacf567a7deccd575672353262b3cbaf181d02941ffef212f5bef8",
            functions: [
                "call": "12c0812c2bf2e925",
                "implements": "b9f24e7abf9dac07",
                "exports": "99cbb9d811c79c92",
            ],
            text: """
                interface rpc {
                    @package: string = "theater:simple"
                    exports {
                        call: func(actor-id: string, function: string, params: value, options:
                            value) -> value
                        implements: func(actor-id: string, interface: string) -> value
                        exports: func(actor-id: string) -> value
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/runtime",
            hash: "5a8a7706304c531bd5a5aa83d0b3f60c3c5ca58e5ad99854175fb74660b2dfc4",
            functions: [
                "log": "11d6e97bfac84633",
                "self": "ccf3ae938ce76b49",
                "shutdown": "10b87e770006aa97",
            ],
            text: """
                interface runtime {
                    @package: string = "theater:simple"
                    exports {
                        log: func(msg: string)
                        self: func() -> string
                        shutdown: func(data: option<list<u8>>) -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/store",
            hash: "bea2dcf56801906d7024fc5f167e6e55d614c9cc2b63a666e889e58005a62246",
            functions: [
                "new": "1f60ebd6fc3a7b49",
                "store": "718f77af58bbecb6",
                "get": "0fa006bcdec97a49",
                "exists": "c398c881df8cafad",
                "label": "2138041f23f999c2",
                "get-by-label": "2a10598d2efb3a19",
                "remove-label": "c398c881df8cafad",
                "store-at-label": "0500742c7c0f3afe",
                "replace-content-at-label": "0500742c7c0f3afe",
                "replace-at-label": "2138041f23f999c2",
                "list-all-content": "b5c62d10fd8c08a5",
                "calculate-total-size": "c93c12d66fc2056b",
                "list-labels": "b5c62d10fd8c08a5",
            ],
            text: """
                interface store {
                    @package: string = "theater:simple"
                    exports {
                        new: func() -> result<string, string>
                        store: func(store-id: string, content: list<u8>) -> result<string,
                            string>
                        get: func(store-id: string, content-ref: string) -> result<list<u8>,
                            string>
                        exists: func(store-id: string, content-ref: string) -> result<bool,
                            string>
                        label: func(store-id: string, label: string, content-ref: string) ->
                            result<_, string>
                        get-by-label: func(store-id: string, label: string) ->
                            result<option<string>, string>
                        remove-label: func(store-id: string, label: string) -> result<_, string>
                        store-at-label: func(store-id: string, label: string, content: list<u8>)
                            -> result<string, string>
                        replace-content-at-label: func(store-id: string, label: string, content:
                            list<u8>) -> result<string, string>
                        replace-at-label: func(store-id: string, label: string, content-ref:
                            string) -> result<_, string>
                        list-all-content: func(store-id: string) -> result<list<string>, string>
                        calculate-total-size: func(store-id: string) -> result<u64, string>
                        list-labels: func(store-id: string) -> result<list<string>, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/supervisor",
            hash: "802d3cc29f9e141e4809eb926ceb441206837da1c469d17333a6633b0e82908b",
            functions: [
                "spawn": "a3a043a8c7347f92",
                "spawn-and-wait": "c8ca0bc2977f4c97",
                "resume": "3031183d29fa42c8",
                "list-children": "2a8f46b43f0812cc",
                "restart-child": "9fc837047104a3d4",
                "stop-child": "9fc837047104a3d4",
                "get-child-state": "5dce4e59da282a73",
                "subscribe-to-child": "9fc837047104a3d4",
                "unsubscribe-from-child": "9fc837047104a3d4",
            ],
            text: """
                interface supervisor {
                    @package: string = "theater:simple"
                    exports {
                        spawn: func(manifest: string, init-state: option<value>, wasm-bytes:
                            option<list<u8>>) -> result<string, string>
                        spawn-and-wait: func(manifest: string, init-state: option<value>,
                            wasm-bytes: option<list<u8>>, timeout-ms: option<u64>) ->
                            result<option<list<u8>>, string>
                        resume: func(manifest: string, state-bytes: option<list<u8>>,
                            wasm-bytes: option<list<u8>>) -> result<string, string>
                        list-children: func() -> result<list<string>, string>
                        restart-child: func(child-id: string) -> result<_, string>
                        stop-child: func(child-id: string) -> result<_, string>
                        get-child-state: func(child-id: string) -> result<option<list<u8>>,
                            string>
                        subscribe-to-child: func(child-id: string) -> result<_, string>
                        unsubscribe-from-child: func(child-id: string) -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/tcp",
            hash: "65e79c446b573b0dff8ee95e53c4f7e5b2a18aba9496a1ba2f318258470383d5",
            functions: [
                "connect": "056cf90580f42b99",
                "listen": "056cf90580f42b99",
                "accept": "056cf90580f42b99",
                "activate": "9fc837047104a3d4",
                "set-active": "c398c881df8cafad",
                "transfer": "c398c881df8cafad",
                "transfer-async": "c398c881df8cafad",
                "peer-address": "056cf90580f42b99",
                "send": "8d05c070963e0364",
                "receive": "698ef8dd1670230b",
                "close": "9fc837047104a3d4",
                "close-listener": "9fc837047104a3d4",
                "upgrade-to-tls-server": "9fc837047104a3d4",
                "upgrade-to-tls-client": "c398c881df8cafad",
            ],
            text: """
                interface tcp {
                    @package: string = "theater:simple"
                    exports {
                        connect: func(address: string) -> result<string, string>
                        listen: func(address: string) -> result<string, string>
                        accept: func(listener-id: string) -> result<string, string>
                        activate: func(connection-id: string) -> result<_, string>
                        set-active: func(connection-id: string, mode: string) -> result<_,
                            string>
                        transfer: func(connection-id: string, target-actor: string) -> result<_,
                            string>
                        transfer-async: func(connection-id: string, target-actor: string) ->
                            result<_, string>
                        peer-address: func(connection-id: string) -> result<string, string>
                        send: func(connection-id: string, data: list<u8>) -> result<u64, string>
                        receive: func(connection-id: string, max-bytes: u32) -> result<list<u8>,
                            string>
                        close: func(connection-id: string) -> result<_, string>
                        close-listener: func(listener-id: string) -> result<_, string>
                        upgrade-to-tls-server: func(connection-id: string) -> result<_, string>
                        upgrade-to-tls-client: func(connection-id: string, server-name: string)
                            -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/terminal",
            hash: "9f4bba01d7eb33647151afaa6abee63bf32e0ecc9bf8ec316a516729455b4423",
            functions: [
                "write-stdout": "175ff35b22fdc856",
                "write-stderr": "175ff35b22fdc856",
                "set-raw-mode": "90492461bc5308e5",
                "get-size": "b500d1c259074290",
                "enable-input": "edbd5493266ed5b0",
            ],
            text: """
                interface terminal {
                    @package: string = "theater:simple"
                    exports {
                        write-stdout: func(data: list<u8>) -> result<u64, string>
                        write-stderr: func(data: list<u8>) -> result<u64, string>
                        set-raw-mode: func(enabled: bool) -> result<_, string>
                        get-size: func() -> result<tuple<u16, u16>, string>
                        enable-input: func() -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/timer",
            hash: "376e169568000435cb382b39f9ab2e65f4000d8f4d15e8420659cb6403d436ae",
            functions: [
                "set-interval": "73c16f72e7f1efc6",
                "clear-interval": "9fc837047104a3d4",
                "now": "c621383a89579e51",
            ],
            text: """
                interface timer {
                    @package: string = "theater:simple"
                    exports {
                        set-interval: func(name: string, interval-ms: u64) -> result<string,
                            string>
                        clear-interval: func(name: string) -> result<_, string>
                        now: func() -> u64
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/message-server-client",
            hash: "2d9e2a955fe797f23016154c7bbc69bcc48c233297862318e6cbbf59e738b8e7",
            functions: [
                "handle-send": "045950bc86ff4f1b",
                "handle-request": "c10e574a82e95287",
                "handle-channel-open": "f59f754469ceeeec",
                "handle-channel-message": "d610a7bd48a6e7e2",
                "handle-channel-close": "583022d659db9672",
            ],
            text: """
                interface message-server-client {
                    @package: string = "theater:simple"
                    use types.{channel-accept}
                    exports {
                        handle-send: func(state: option<list<u8>>, params: tuple<list<u8>>) ->
                            result<tuple<option<list<u8>>>, string>
                        handle-request: func(state: option<list<u8>>, params: tuple<string,
                            list<u8>>) -> result<tuple<option<list<u8>>,
                            tuple<option<list<u8>>>>, string>
                        handle-channel-open: func(state: option<list<u8>>, params: tuple<string,
                            list<u8>>) -> result<tuple<option<list<u8>>, tuple<channel-accept>>,
                            string>
                        handle-channel-message: func(state: option<list<u8>>, params:
                            tuple<string, list<u8>>) -> result<tuple<option<list<u8>>>, string>
                        handle-channel-close: func(state: option<list<u8>>, params:
                            tuple<string>) -> result<tuple<option<list<u8>>>, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/tcp-client",
            hash: "e005af9322e125731054ede098153fcd5d9f3542ce10ea95f33d973eefa5321e",
            functions: [
                "handle-connection": "583022d659db9672",
                "on-data": "ff8fdf170b026082",
                "on-close": "c398c881df8cafad",
            ],
            text: """
                interface tcp-client {
                    @package: string = "theater:simple"
                    exports {
                        handle-connection: func(state: option<list<u8>>, params: tuple<string>)
                            -> result<tuple<option<list<u8>>>, string>
                        on-data: func(connection-id: string, data: list<u8>) -> result<_,
                            string>
                        on-close: func(connection-id: string, reason: string) -> result<_,
                            string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/loop-client",
            hash: "306ea141a402c2db904b7a4852d1898cf4c0d1534a952ff0323505b862bc6b9e",
            functions: ["loop": "80ae6731dbe4e125"],
            text: """
                interface loop-client {
                    @package: string = "theater:simple"
                    exports {
                        loop: func(state: list<u8>) -> result<list<u8>, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/supervisor-handlers",
            hash: "a1c2ef4d83d518e5559eeac77d45235fa1ddc67f3d15c8fa471e2ee44ce4717c",
            functions: [
                "handle-child-error": "1d6d6ec782fcc0ad",
                "handle-child-exit": "36df767c694b987a",
                "handle-child-external-stop": "9fc837047104a3d4",
                "handle-child-event": "42a6be1dcf07f9b7",
            ],
            text: """
                interface supervisor-handlers {
                    @package: string = "theater:simple"
                    enum wit-error-type { operation-timeout, channel-closed, shutting-down,
                        function-not-found, type-mismatch, internal, serialization-error,
                        update-component-error, paused }
                    record wit-actor-error { error-type: wit-error-type, data: option<list<u8>>
                        }
                    exports {
                        handle-child-error: func(child-id: string, error: wit-actor-error) ->
                            result<_, string>
                        handle-child-exit: func(child-id: string, result: option<list<u8>>) ->
                            result<_, string>
                        handle-child-external-stop: func(child-id: string) -> result<_, string>
                        handle-child-event: func(child-id: string, event-type: string,
                            event-data: list<u8>) -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/types",
            hash: "85b9f5c5f466a9bfaa6c46ba0ad7f3572a20918033b5bb637336b137aa41e658",
            functions: [:],
            text: """
                interface types {
                    @package: string = "theater:simple"
                    type actor-id = string
                    type channel-id = string
                    record channel-accept { accepted: bool, message: option<list<u8>> }
                    record chain { events: list<meta-event> }
                    record meta-event { hash: u64, event: event }
                    record event { event-type: string, parent: option<u64>, data: list<u8> }
                    record chain-event { hash: list<u8>, parent-hash: option<list<u8>>,
                        event-type: string, data: list<u8>, timestamp: u64, description:
                        option<string> }
                    record actor-error { error-type: error-type, data: option<list<u8>> }
                    enum error-type { operation-timeout, channel-closed, shutting-down,
                        function-not-found, type-mismatch, internal, serialization-error,
                        update-component-error, paused }
                    exports {
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/runtime",
            hash: "fff2ee342d7de890b40cae564193f0184e2449f0a5a9764b6a3bad6a43bcf2bb",
            functions: [
                "log": "11d6e97bfac84633",
                "get-chain": "ed9746aea669d972",
                "self": "ccf3ae938ce76b49",
                "shutdown": "10b87e770006aa97",
            ],
            text: """
                interface runtime {
                    @package: string = "theater:simple"
                    exports {
                        log: func(msg: string)
                        get-chain: func() -> list<u8>
                        self: func() -> string
                        shutdown: func(data: option<list<u8>>) -> result<_, string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/supervisor",
            hash: "faf363dacefb7e16781f765eb1397a8a64d13f5b7ebb9cbd270834039914e0c4",
            functions: [
                "spawn": "a3a043a8c7347f92",
                "spawn-and-wait": "c8ca0bc2977f4c97",
                "resume": "3031183d29fa42c8",
                "list-children": "2a8f46b43f0812cc",
                "restart-child": "9fc837047104a3d4",
                "stop-child": "9fc837047104a3d4",
                "get-child-state": "5dce4e59da282a73",
                "get-child-events": "5d2ef01c5e1e2ed9",
            ],
            text: """
                interface supervisor {
                    @package: string = "theater:simple"
                    exports {
                        spawn: func(manifest: string, init-state: option<value>, wasm-bytes:
                            option<list<u8>>) -> result<string, string>
                        spawn-and-wait: func(manifest: string, init-state: option<value>,
                            wasm-bytes: option<list<u8>>, timeout-ms: option<u64>) ->
                            result<option<list<u8>>, string>
                        resume: func(manifest: string, state-bytes: option<list<u8>>,
                            wasm-bytes: option<list<u8>>) -> result<string, string>
                        list-children: func() -> result<list<string>, string>
                        restart-child: func(child-id: string) -> result<_, string>
                        stop-child: func(child-id: string) -> result<_, string>
                        get-child-state: func(child-id: string) -> result<option<list<u8>>,
                            string>
                        get-child-events: func(child-id: string) -> result<list<list<u8>>,
                            string>
                    }
                }
                """),
        ReferenceInterface(
            name: "theater:simple/tcp",
            hash: "71cf473190dd89757856699e7b78d62bd85873ac2c949638157e618885317594",
            functions: [
                "connect": "056cf90580f42b99",
                "listen": "056cf90580f42b99",
                "accept": "056cf90580f42b99",
                "activate": "9fc837047104a3d4",
                "set-active": "c398c881df8cafad",
                "transfer": "c398c881df8cafad",
                "peer-address": "056cf90580f42b99",
                "send": "8d05c070963e0364",
                "receive": "698ef8dd1670230b",
                "close": "9fc837047104a3d4",
                "close-listener": "9fc837047104a3d4",
            ],
            text: """
                interface tcp {
                    @package: string = "theater:simple"
                    exports {
                        connect: func(address: string) -> result<string, string>
                        listen: func(address: string) -> result<string, string>
                        accept: func(listener-id: string) -> result<string, string>
                        activate: func(connection-id: string) -> result<_, string>
                        set-active: func(connection-id: string, mode: string) -> result<_,
                            string>
                        transfer: func(connection-id: string, target-actor: string) -> result<_,
                            string>
                        peer-address: func(connection-id: string) -> result<string, string>
                        send: func(connection-id: string, data: list<u8>) -> result<u64, string>
                        receive: func(connection-id: string, max-bytes: u32) -> result<list<u8>,
                            string>
                        close: func(connection-id: string) -> result<_, string>
                        close-listener: func(listener-id: string) -> result<_, string>
                    }
                }
                """),
    ]
}
