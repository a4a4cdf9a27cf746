// SPDX-License-Identifier: Apache-2.0

import Testing
import TheaterChain
import TheaterHandler
import TheaterManifest
import TheaterNode
import TheaterPlatform
import TheaterRuntime
import TheaterTesting
import TheaterValue

/// The mail of actors that come back: what waited, what was on its way, and what must not be handled.
@Suite("Mail over a crash")
struct ResumeMailTests {
    private static func body(_ number: Int) -> [UInt8] { ResumeStage.body(number) }

    enum Receiver: CaseIterable {
        /// Comes back together with the sender.
        case absent
        /// Came back before the sender.
        case live
        /// Ended after it had the message.
        case ended
    }

    // Goal: a crash comes after a message was kept for its receiver, and before its sending was recorded;
    // the sender's call goes on and sends again, and nothing comes twice, whatever the receiver did
    // meanwhile. Method: the chains are written as such a crash leaves them, with more mail behind.
    @Test(
        "what was sent before the crash, and is not recorded, is not delivered again",
        arguments: Receiver.allCases)
    func sentAgain(receiver kind: Receiver) async throws {
        let stage = try ResumeStage()
        let sender = try await stage.node.system.spawn(
            try stage.request("sender") { $0.target = "receiver" })
        var request = try stage.request("receiver")
        request.manifest.limits.mailbox = 2000
        request.manifest.limits.callTimeout = .seconds(300)
        let receiver = try await stage.node.system.spawn(request)
        try await stage.node.system.post(Self.body(1), to: sender)
        #expect(try await stage.total(sender) == .u64(1))
        #expect(try await stage.total(receiver) == .u64(1))
        let (behind, count) = (300, kind == .ended ? 0 : 302)
        try await stage.crash { path in
            let journal = try Journal.open(directory: path + "/journal")
            // The sender has taken its second message, and its call has begun.
            let inbox = try journal.resumeChain(actor: sender.inbox)
            let mail = try inbox.append(
                .note(.mail(Mail(kind: .send, sender: nil, body: Self.body(2)))))
            let chain = try journal.resumeChain(actor: sender)
            try chain.append(.note(.taken(mail: mail.sequence)))
            try chain.append(
                .called(
                    function: "theater:simple/message-server-client.handle-send",
                    parameters: try CGRF.encode(.tuple([.u64(1), .bytes(Self.body(2))])),
                    fuel: 1_000_000_000, deadlineNanoseconds: nil))
            // The receiver has the message, and others meanwhile.
            let other = try journal.resumeChain(actor: receiver.inbox)
            try other.append(
                .note(
                    .mail(
                        Mail(
                            kind: .send, sender: sender, position: chain.head.count,
                            body: Self.body(2)))))
            for number in 0..<behind {
                try other.append(
                    .note(.mail(Mail(kind: .send, sender: nil, body: Self.body(1000 + number)))))
            }
            if kind == .ended {
                try journal.resumeChain(actor: receiver).append(
                    .exited(kind: "stopped", reason: "stopped in order", result: nil))
            }
            try await journal.close()
        }
        if kind == .live {
            let first = try await stage.node.resume([receiver])
            #expect(first.resumed == [receiver], "\(first.problems)")
        }
        let report = try await stage.node.resume()
        #expect(report.problems.isEmpty, "\(report.problems)")
        #expect(try await stage.total(sender) == .u64(2))
        if kind != .ended {
            #expect(try await stage.total(receiver) == .u64(UInt64(count)))
            let texts = try await stage.handled(by: receiver)
            #expect(texts.count { $0 == TallyGuest.text(2) } == 1)
        }
        let sends = try await stage.events(of: sender).compactMap { event -> Value? in
            guard case .hostCall(_, "send", _, let output) = event else { return nil }
            return try CGRF.decode(output)
        }
        #expect(sends.count == 2, "\(sends)")
        // Of one that is over the sender learns that.
        #expect((sends.first == sends.last) == (kind != .ended), "\(sends)")
        // What it sends from here on is sent.
        if kind != .ended {
            try await stage.node.system.post(Self.body(2), to: sender)
            _ = try await stage.total(sender)
            #expect(try await stage.total(receiver) == .u64(UInt64(count + 1)))
        }
        try await stage.close()
    }

    @Test("messages on channels and their ends come, and the channels do not")
    func channels() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let id = try await system.spawn(
            try stage.request("keeper", ledger: "plain-ledger") { $0.takesChannels = true })
        let channel = try await system.openChannel(to: id)
        stage.box.hold()
        try await system.post(Self.body(1), to: id)
        await stage.box.awaitHeld()
        try channel.send([1])
        try channel.send([2])
        channel.close()
        try await stage.crashAndResume([id])
        #expect(try await stage.total(id) == .u64(4), "a message, two on the channel, and its end")
        let functions = try await stage.events(of: id).compactMap { event -> Substring? in
            guard case .called(let function, _, _, _) = event else { return nil }
            return function.split(separator: "-").last
        }
        #expect(
            functions.filter { $0 != "total" && !$0.hasSuffix("total") }.suffix(4)
                == ["send", "message", "message", "close"], "\(functions)")
        #expect(throws: MessageError.self) { try stage.node.system.send([3], on: channel.id) }
        try await stage.close()
    }

    @Test("mail that a full mailbox dropped is not handled after the crash either")
    func dropped() async throws {
        let stage = try ResumeStage()
        var request = try stage.request("dropper", ledger: "plain-ledger")
        request.manifest.limits.mailbox = 2
        request.manifest.limits.mailboxPolicy = .dropOldest
        let id = try await stage.node.system.spawn(request)
        stage.box.hold()
        try await stage.node.system.post(Self.body(1), to: id)
        await stage.box.awaitHeld()
        try await stage.post(2...6, to: id)
        try await stage.crashAndResume([id])
        // A call would drop mail as long as the mailbox is full.
        while try await stage.handled(by: id).count < 3 { await Task.yield() }
        #expect(try await stage.total(id) == .u64(3))
        #expect(try await stage.handled(by: id) == [1, 5, 6].map(TallyGuest.text))
        try await stage.close()
    }

    // Goal: a crash comes when mail is taken and its call has not begun, and again, and again.
    @Test("mail that was taken and not called is handled once")
    func taken() async throws {
        let stage = try ResumeStage()
        let id = try await stage.node.system.spawn(try stage.request("taker"))
        try await stage.node.system.post(Self.body(1), to: id)
        #expect(try await stage.total(id) == .u64(1))
        for number in 2...4 {
            try await stage.crash { path in
                let journal = try Journal.open(directory: path + "/journal")
                let mail = try journal.resumeChain(actor: id.inbox).append(
                    .note(.mail(Mail(kind: .send, sender: nil, body: Self.body(number)))))
                let chain = try journal.resumeChain(actor: id)
                try chain.append(.note(.taken(mail: mail.sequence)))
                if number == 3 {
                    // A node that came back, and was killed at the same place.
                    try chain.append(.note(.resumed(interrupted: nil, snapshot: nil)))
                    try chain.append(.note(.taken(mail: mail.sequence)))
                }
                try await journal.close()
            }
            try await stage.expectResume(of: [id])
            #expect(try await stage.total(id) == .u64(UInt64(number)))
        }
        #expect(try await stage.handled(by: id) == (1...4).map(TallyGuest.text))
        try await stage.close()
    }

    @Test("a second life has its own mail, and none of the life before")
    func secondLife() async throws {
        let stage = try ResumeStage()
        let system = stage.node.system
        let root = try await system.spawn(try stage.request("root", ledger: "plain-ledger"))
        let child = try await system.spawn(
            try stage.request(
                "root/child", ledger: "plain-ledger", parent: root, restart: .permanent
            ) {
                let count = (try? $0.made().count) ?? 0
                $0.instructions =
                    "(if (i64.eq (i64.load (i32.const \(count))) (i64.const 3)) (then unreachable))"
            })
        try await stage.post(1...2, to: child)
        #expect(try await stage.total(child) == .u64(2))
        stage.box.hold()
        // The third ends the life, and the fourth with it.
        try await stage.post(3...4, to: child)
        await stage.box.awaitHeld()
        stage.box.release()
        while system.restarts(of: child) == 0 || system.status(of: child) != .running {
            await Task.yield()
        }
        stage.box.hold()
        try await stage.post(5...6, to: child)
        await stage.box.awaitHeld()
        try await stage.crashAndResume([root])
        #expect(try await stage.total(child) == .u64(2))
        #expect(stage.node.system.restarts(of: child) == 1)
        #expect(
            try await stage.handled(by: child) == [1, 2, 3, 5, 6].map(TallyGuest.text))
        try await stage.close()
    }
}
