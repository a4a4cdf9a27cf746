// SPDX-License-Identifier: Apache-2.0

internal import TheaterPlatform

extension LifeNote {
    var tag: EventPayload.Tag {
        switch self {
        case .durable: .durable
        case .taken: .taken
        case .resumed: .resumed
        case .inbox: .inbox
        case .mail: .mail
        case .dropped: .dropped
        case .restarting: .restarting
        }
    }

    /// Writes the fields in their order.
    func put(_ out: inout PayloadEncoder) {
        switch self {
        case .durable(let placement): placement.put(&out)
        case .taken(let mail): out.put(mail)
        case .resumed(let interrupted, let snapshot):
            out.put(optional: interrupted) { $0.put($1) }
            out.put(optional: snapshot) { $0.put($1) }
        case .inbox(let actor): out.bytes += actor.bytes
        case .mail(let mail):
            out.bytes.append(mail.kind.rawValue)
            out.put(optional: mail.sender) { $0.bytes += $1.bytes }
            out.put(optional: mail.position) { $0.put($1) }
            out.put(mail.channel)
            out.put(mail.body)
        case .dropped(let mail, let reason):
            out.put(mail)
            out.put(reason)
        case .restarting: break
        }
    }

    /// Reads the fields of a tag; `nil` for a tag of something else.
    init?(_ tag: EventPayload.Tag, _ input: inout PayloadDecoder) throws(PayloadError) {
        switch tag {
        case .durable: self = .durable(try Placement(&input))
        case .taken: self = .taken(mail: try input.varint("mail"))
        case .resumed:
            let interrupted = try input.flag("interrupted") ? try input.varint("call") : nil
            let snapshot = try input.flag("snapshot") ? try input.varint("snapshot") : nil
            self = .resumed(interrupted: interrupted, snapshot: snapshot)
        case .inbox: self = .inbox(of: try input.actor("owner"))
        case .mail:
            let kind: Mail.Kind = try input.choice("kind of mail")
            let sender = try input.flag("sender") ? try input.actor("sender") : nil
            let position = try input.flag("position") ? try input.varint("position") : nil
            let channel = try input.text("channel")
            self = .mail(
                Mail(
                    kind: kind, sender: sender, position: position, channel: channel,
                    body: try input.blob("body")))
        case .dropped:
            let mail = try input.varint("mail")
            self = .dropped(mail: mail, reason: try input.text("reason"))
        case .restarting: self = .restarting
        default: return nil
        }
    }
}

extension Placement {
    func put(_ out: inout PayloadEncoder) {
        out.put(lives)
        out.put(firstMail)
        out.bytes.append(restart.rawValue)
        switch shutdown {
        case .kill: out.bytes.append(1)
        case .infinity: out.bytes.append(2)
        case .timeout(let nanoseconds):
            out.bytes.append(3)
            out.put(nanoseconds)
        }
        out.bytes += [startsWithLastState, isAwaited, isAuthored].map { $0 ? 1 : 0 }
        out.put(optional: origin) { $0.put($1) }
        switch scope {
        case .everything: out.bytes.append(1)
        case .named(let folder, let actor):
            out.bytes.append(2)
            out.put(optional: folder) { $0.put($1) }
            out.bytes += actor.bytes
        }
    }

    init(_ input: inout PayloadDecoder) throws(PayloadError) {
        lives = try input.varint("lives")
        firstMail = try input.varint("first mail")
        restart = try input.choice("restart")
        switch try input.byte("shutdown") {
        case 1: shutdown = .kill
        case 2: shutdown = .infinity
        case 3: shutdown = .timeout(try input.varint("grace"))
        default: throw input.wrong("the shutdown is not known")
        }
        startsWithLastState = try input.flag("state")
        isAwaited = try input.flag("awaited")
        isAuthored = try input.flag("authored")
        origin = try input.flag("origin") ? try input.text("origin") : nil
        switch try input.byte("scope") {
        case 1: scope = .everything
        case 2:
            let folder = try input.flag("folder") ? try input.text("folder") : nil
            scope = .named(folder: folder, actor: try input.actor("actor"))
        default: throw input.wrong("the scope is not known")
        }
    }
}
