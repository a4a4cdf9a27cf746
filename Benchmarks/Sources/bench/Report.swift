// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Shows figures to people.
enum Report {
    /// The lines about the machine.
    static func header(_ machine: Machine) -> String {
        let load = machine.load.map { Unit.digits($0) }.joined(separator: " ")
        return """
            \(machine.processor), \(machine.cores) cores, \(machine.memoryGiB) GiB, Linux \
            \(machine.kernel), vm.max_map_count \(machine.mappingsMax)
            load average \(load) \(machine.load[0] > 0.5 * Double(machine.cores)
                ? "(the machine is busy: expect worse and noisier figures)" : "(calm)")
            Median [10th..90th percentile] of rounds that alternate with the peer's.
            """
    }

    /// The lines of one figure.
    static func lines(_ figure: Figure) -> String {
        var text = pad(figure.name, 26) + " " + figure.what + "\n"
        if let ours = figure.ours {
            text += "    ours  " + spread(ours, figure.unit)
            if case .p99 = figure.target { text += "  p99 " + figure.unit.text(ours.p99) }
            if let peer = figure.peer {
                text += "    \(figure.peerName ?? "peer")  " + spread(peer, figure.unit)
                if case .p99 = figure.target { text += "  p99 " + figure.unit.text(peer.p99) }
                if let ratio = figure.ratio { text += "    \(Unit.digits(ratio.median))x" }
            }
            text += "\n" + processor(figure)
        }
        if let target = figure.target {
            text += "    target \(describe(target, figure.unit))"
            switch figure.isMet {
            case true?: text += "  ok\n"
            case false?: text += "  SHORT\n"
            case nil: text += "  not measured\n"
            }
        }
        if let note = figure.note { text += "    \(note)\n" }
        return text
    }

    /// How many targets were met.
    static func summary(_ figures: [Figure]) -> String {
        let judged = figures.compactMap(\.isMet)
        let short = figures.filter { $0.isMet == false }.map(\.name)
        let missing = figures.filter { $0.target != nil && $0.ours == nil }.map(\.name)
        var text = "\(judged.count(where: { $0 })) of \(judged.count) targets met"
        if !short.isEmpty { text += "; short: " + short.joined(separator: ", ") }
        if !missing.isEmpty { text += "; NOT MEASURED: " + missing.joined(separator: ", ") }
        return text
    }

    /// Everything as JSON.
    static func json(_ machine: Machine, _ figures: [Figure]) throws -> String {
        struct All: Encodable {
            let machine: Machine
            let figures: [Figure]
            let met: [String: Bool]
        }
        let met = figures.reduce(into: [:]) { $0[$1.name] = $1.isMet }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let data = try encoder.encode(All(machine: machine, figures: figures, met: met))
        return String(decoding: data, as: UTF8.self)
    }

    /// Processor time tells more than the clock on a busy machine.
    private static func processor(_ figure: Figure) -> String {
        guard let ours = figure.oursProcessor, ours.median >= 1,
            figure.name.hasPrefix("Command") == false
        else { return "" }
        let unit = Unit.nanoseconds
        let peer = figure.peerProcessor.map {
            ", peer \(unit.text($0.median)), \(Unit.digits(ours.median / $0.median))x"
        }
        return "    processor time: ours \(unit.text(ours.median))\(peer ?? "")\n"
    }

    private static func spread(_ values: Distribution, _ unit: Unit) -> String {
        guard values.count > 1 else { return unit.text(values.median) }
        return "\(unit.text(values.median)) [\(unit.text(values.p10))..\(unit.text(values.p90))]"
    }

    private static func describe(_ target: Target, _ unit: Unit) -> String {
        switch target {
        case .ratio(let most): "≤ \(Unit.digits(most))x"
        case .atMost(let most), .p99(let most): "≤ \(unit.text(most))"
        case .atLeast(let least): "≥ \(unit.text(least))"
        }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
