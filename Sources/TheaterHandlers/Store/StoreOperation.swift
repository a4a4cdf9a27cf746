// SPDX-License-Identifier: Apache-2.0

internal import TheaterHandler
internal import TheaterStore
internal import TheaterValue

/// What a call asks of the store, checked as far as it can be without looking.
enum StoreOperation: Sendable {
    case new(String)
    case put([UInt8], label: StoreLabel?)
    case get(ContentID)
    case exists(ContentID)
    case setLabel(StoreLabel, ContentID)
    case target(StoreLabel)
    case removeLabel(StoreLabel, naming: ContentID?)
    case compareAndSet(StoreLabel, from: ContentID?, to: ContentID?)
    case forget(ContentID)
    case listContent
    case totalSize
    case listLabels

    /// Why a call asks for nothing that could be done.
    enum Refusal: Error {
        /// The actor has no right to it.
        case denied(HostError)
        /// An argument is wrong.
        case wrong(HostError)
    }

    // MARK: Deciding

    static func decide(_ call: HostCall, _ scope: StoreScope) -> Result<StoreOperation, Refusal> {
        if call.function == "new" { return .success(.new(scope.namespace.name)) }
        guard let id = call.arguments.first?.asString else { return .failure(wrongArgument(call)) }
        guard id.utf8.elementsEqual(scope.namespace.name.utf8) else {
            return .failure(
                .denied(
                    HostError(
                        "store.denied",
                        "this actor's store is '\(scope.namespace)' and no other. Use what `new` "
                            + "answers, or share a store by 'store_id' in the manifest.")))
        }
        do throws(StoreError) {
            if let operation = try decide(call) { return .success(operation) }
            return .failure(wrongArgument(call))
        } catch {
            return .failure(.wrong(HostError(error.code.rawValue, error.message)))
        }
    }

    private static func decide(_ call: HostCall) throws(StoreError) -> StoreOperation? {
        let arguments = Arguments(values: call.arguments)
        switch call.function {
        case "list-all-content": return .listContent
        case "calculate-total-size": return .totalSize
        case "list-labels": return .listLabels
        case "store": return try arguments.bytes(1).map { .put($0, label: nil) }
        case "get": return try arguments.content(1).map { .get($0) }
        case "exists": return try arguments.content(1).map { .exists($0) }
        case "forget": return try arguments.content(1).map { .forget($0) }
        default: break
        }
        guard let label = try arguments.label(1) else { return nil }
        switch call.function {
        case "get-by-label": return .target(label)
        case "remove-label": return .removeLabel(label, naming: nil)
        case "label", "replace-at-label":
            return try arguments.content(2).map { .setLabel(label, $0) }
        case "remove-from-label":
            return try arguments.content(2).map { .removeLabel(label, naming: $0) }
        case "store-at-label", "replace-content-at-label":
            return try arguments.bytes(2).map { .put($0, label: label) }
        case "compare-and-set-label":
            guard let expected = try arguments.optionalContent(2),
                let id = try arguments.optionalContent(3)
            else { return nil }
            return .compareAndSet(label, from: expected.id, to: id.id)
        default: return nil
        }
    }

    private static func wrongArgument(_ call: HostCall) -> Refusal {
        .wrong(
            HostError(
                "store.wrong-argument",
                "'\(call.function)' is no function of the store, or got an argument of another type"
            ))
    }

    // MARK: Doing

    /// Does it. Blocks for the disk.
    func run(on store: ContentStore, _ scope: StoreScope) throws(StoreError) -> Value {
        let space = scope.namespace
        switch self {
        case .new(let id): return Self.ok(.string, .string(id))
        case .put(let content, let label):
            let id = try store.put(content, in: space, label: label, quota: scope.quota)
            return Self.ok(.string, .string("\(id)"))
        case .get(let id): return Self.ok(.list(.primitive(.u8)), .bytes(try get(id, store, space)))
        case .exists(let id):
            return Self.ok(.primitive(.bool), .bool(try store.size(of: id, in: space) != nil))
        case .setLabel(let label, let id):
            try store.setLabel(label, to: id, in: space, quota: scope.quota)
            return Self.done
        case .target(let label):
            let id = try store.target(of: label, in: space)
            return Self.ok(.option(.string), .option(.string, id.map { .string("\($0)") }))
        case .removeLabel(let label, let id):
            try store.removeLabel(label, naming: id, in: space)
            return Self.done
        case .compareAndSet(let label, let expected, let id):
            let isSet = try store.compareAndSetLabel(
                label, from: expected, to: id, in: space, quota: scope.quota)
            return Self.ok(.primitive(.bool), .bool(isSet))
        case .forget(let id):
            return Self.ok(.primitive(.bool), .bool(try store.forget(id, in: space)))
        case .listContent:
            let contents = try store.contents(of: space)
            let size = contents.count * ContentID.digitCount
            try Self.checkList(contents.count, "pieces of content", size)
            return Self.strings(contents.map { "\($0.id)" })
        case .totalSize:
            return Self.ok(.primitive(.u64), .u64(try store.usage(of: space).size))
        case .listLabels:
            let labels = try store.labels(of: space).map(\.label.text)
            try Self.checkList(labels.count, "labels", labels.reduce(0) { $0 + $1.utf8.count })
            return Self.strings(labels)
        }
    }

    private func get(
        _ id: ContentID, _ store: ContentStore, _ space: StoreNamespace
    ) throws(StoreError) -> [UInt8] {
        let sizeMax = StoreHandler.contentSizeMax
        if let size = try store.size(of: id, in: space), size > UInt64(sizeMax) {
            throw .tooLargeToPass(id, size: size, sizeMax: sizeMax)
        }
        return try store.get(id, in: space)
    }

    /// The answer of a function that succeeded.
    static func ok(_ type: ValueType, _ value: Value) -> Value {
        .result(ok: type, err: .string, .ok(value))
    }

    private static let done = ok(.tuple([]), .unit)

    /// What one text of a list takes beside its bytes when it is encoded.
    private static let listItemSize = 24

    /// Checks that a list can be recorded: others may have filled a shared namespace, and an answer that
    /// is too large to be recorded would end the actor.
    private static func checkList(_ count: Int, _ what: String, _ textSize: Int) throws(StoreError)
    {
        let size = textSize + count * listItemSize
        guard size <= StoreHandler.listSizeMax else {
            throw .tooLargeToList(count, what, size: size, sizeMax: StoreHandler.listSizeMax)
        }
    }

    private static func strings(_ texts: [String]) -> Value {
        ok(.list(.string), .list(.string, texts.map { .string($0) }))
    }
}

/// The arguments of a call by their places; `nil` for one of another type.
private struct Arguments {
    let values: [Value]

    private func text(_ index: Int) -> String? {
        index < values.count ? values[index].asString : nil
    }

    func bytes(_ index: Int) throws(StoreError) -> [UInt8]? {
        guard index < values.count, let bytes = values[index].asBytes else { return nil }
        guard bytes.count <= StoreHandler.contentSizeMax else {
            throw .tooLarge(bytes.count, StoreHandler.contentSizeMax)
        }
        return bytes
    }

    func content(_ index: Int) throws(StoreError) -> ContentID? {
        guard let text = text(index) else { return nil }
        return try ContentID.parse(text)
    }

    func optionalContent(_ index: Int) throws(StoreError) -> (id: ContentID?, Void)? {
        guard index < values.count, case .option(_, let payload) = values[index] else { return nil }
        guard let payload else { return (nil, ()) }
        guard let text = payload.asString else { return nil }
        return (try ContentID.parse(text), ())
    }

    func label(_ index: Int) throws(StoreError) -> StoreLabel? {
        guard let text = text(index) else { return nil }
        return try StoreLabel.parse(text)
    }
}
