// SPDX-License-Identifier: Apache-2.0

internal import TheaterChain
internal import TheaterPlatform

/// What chains note of durable actors, for people and programs.
enum LifeText {
    /// A note on one line.
    static func line(_ note: LifeNote) -> String {
        switch note {
        case .durable(let placement):
            "durable, life \(placement.lives)\(placement.origin.map { ", of \($0)" } ?? "")"
        case .taken(let mail): "taken mail \(mail)"
        case .resumed(let interrupted, let snapshot):
            "resumed"
                + (interrupted.map { ", goes on with the call of event \($0)" } ?? "")
                + (snapshot.map { ", from the snapshot at \($0)" } ?? "")
        case .inbox(let actor): "inbox of \(actor)"
        case .mail(let mail):
            "mail, \(kind(mail)) from \(mail.sender?.description ?? "outside"), "
                + "\(mail.body.count) bytes"
        case .dropped(let mail, let reason): "dropped mail \(mail): \(reason)"
        case .restarting: "its supervisor starts it again"
        }
    }

    /// The facts of a note by name.
    static func facts(_ note: LifeNote) -> [(String, EventFacts.Fact)] {
        switch note {
        case .durable(let placement):
            return [
                ("lives", .number(placement.lives)), ("first_mail", .number(placement.firstMail)),
                ("restart", .text("\(placement.restart)")),
            ] + (placement.origin.map { [("origin", .text($0))] } ?? [])
        case .taken(let mail): return [("mail", .number(mail))]
        case .resumed(let interrupted, let snapshot):
            return (interrupted.map { [("interrupted", .number($0))] } ?? [])
                + (snapshot.map { [("snapshot", .number($0))] } ?? [])
        case .inbox(let actor): return [("owner", .text(actor.description))]
        case .mail(let mail):
            return [
                ("kind", .text(kind(mail))),
                ("sender", .text(mail.sender?.description ?? "external")),
                ("body", .bytes(mail.body)),
            ] + (mail.channel.isEmpty ? [] : [("channel", .text(mail.channel))])
        case .dropped(let mail, let reason):
            return [("mail", .number(mail)), ("reason", .text(reason))]
        case .restarting: return []
        }
    }

    private static func kind(_ mail: Mail) -> String {
        switch mail.kind {
        case .send: "send"
        case .channelMessage: "channel-message"
        case .channelClose: "channel-close"
        }
    }
}
