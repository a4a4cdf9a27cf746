// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import TheaterAPI
internal import TheaterPlatform
internal import TheaterRuntime

/// What a request comes with beside itself.
struct APIContext: InitializableFromSource {
    let channel: any Channel
    let connection: Connection
    /// Which request of its connection it is.
    let number: Int

    init(source: ApplicationRequestContextSource) { self.init(channel: source.channel) }

    init(channel: any Channel) {
        self.channel = channel
        connection = .current
        number = connection.arrivals.next()
    }

    /// Whether the request has come to its last byte.
    var isWhole: Bool { connection.arrivals.hasWhole(number) }
}

/// Answers requests: finds the operation, does it, and turns whatever goes wrong into a problem.
struct APIResponder: HTTPResponder {
    let routes = RouteTable()
    let logger: Logger
    let world: World
    let nodes: NodeRoutes
    let subscribers: SubscriberRoutes
    let values: ValueStreams
    let actors: ActorRoutes
    let talk: TalkRoutes
    let chains: ChainRoutes
    let channels: ChannelRoutes
    let lists: ListRoutes
    let store: StoreRoutes
    let tokens: TokenRoutes
    let roster: RosterRoutes
    let gate: Gate
    let rate: RequestRate
    let audit: Audit
    var listener = Listener.socket

    /// The time, as responses have it.
    private let date = DateHeader()

    @Sendable
    func respond(to request: Request, context: APIContext) async -> Response {
        let id = requestID(request)
        var response: Response
        do throws(Problem) {
            response = try await answer(request, id: id, context)
        } catch {
            var problem = error
            problem.request = id
            logger.debug(
                "a request was refused",
                metadata: ["error.code": "\(problem.code)", "request.id": "\(id)"])
            response = Answer.problem(problem, methods: allowed(request))
            if problem.status == 408 || Self.hasLongBody(request) {
                response = Self.closing(response, context.channel)
            }
        }
        response.headers[.date] = date.text(at: world.wallTime())
        response.headers[.requestID] = id
        response.headers[.contentTypeOptions] = "nosniff"
        return response
    }

    private func answer(
        _ request: Request, id: String, _ context: APIContext
    ) async throws(Problem) -> Response {
        let target = request.head.path ?? ""
        let path = Self.path(of: target)
        switch routes.match(method: request.method.rawValue, path: path) {
        case .found(let route, let places):
            let operation = route.operation
            // Counted before the token is looked at, so that none is taken back unnoticed.
            let revocations = nodes.life.revocations
            let credential = try admit(request, to: operation, id: id, context) ?? .nobody
            let caller = Caller(credential: credential, revocations: revocations)
            let call: Call
            do throws(Problem) {
                call = try Call(
                    route, places, request, target: target, id: id, caller,
                    isWhole: context.isWhole)
            } catch {
                // Something was to be changed, and was not understood.
                if operation.isMutation {
                    try audit.refused(entry(request, id, credential), code: error.code)
                }
                throw error
            }
            return operation.isMutation
                ? try await performAudited(call, context)
                : try await performTraced(call, context)
        case .otherMethods(let methods):
            try checkOrigin(request, id: id)
            throw Problem(
                .method,
                "'\(path.prefix(128))' does not take \(request.method.rawValue); it takes "
                    + methods.joined(separator: ", "))
        case .nothing:
            if let page = DashboardPages.page(path) {
                return try dashboard(page, request, id: id)
            }
            throw Problem(
                .noRoute, "there is nothing at '\(path.prefix(128))'; see /v1/openapi.json")
        }
    }

    /// A page, which shows nothing by itself: what it asks for needs a credential.
    private func dashboard(
        _ page: DashboardPages.Page, _ request: Request, id: String
    ) throws(Problem) -> Response {
        try checkOrigin(request, id: id)
        guard request.method == .get else {
            throw Problem(
                .method,
                "a page does not take \(request.method.rawValue.prefix(32)); it takes GET")
        }
        return page.response
    }

    /// Refuses what pages of others ask for where no operation is, and writes it down: a browser asks so before it
    /// sends what a page wants.
    private func checkOrigin(_ request: Request, id: String) throws(Problem) {
        do throws(Problem) {
            try gate.checkOrigin(request, listener)
        } catch {
            try audit.refused(entry(request, id, nil), code: error.code)
            throw error
        }
    }

    /// Lets a request in, or writes down that it was not.
    private func admit(
        _ request: Request, to operation: TheaterAPI.Operation, id: String, _ context: APIContext
    ) throws(Problem) -> Credential? {
        var credential: Credential?
        do throws(Problem) {
            try gate.checkOrigin(request, listener)
            credential = try gate.credential(
                request, listener, isForeign: context.connection.isForeign)
            try gate.check(credential, for: operation)
            if operation.scope != nil { try rate.take(credential) }
            return credential
        } catch {
            try audit.refused(entry(request, id, credential), code: error.code)
            throw error
        }
    }

    /// Does what changes something, and writes it down.
    private func performAudited(
        _ call: Call, _ context: APIContext
    ) async throws(Problem) -> Response {
        let (id, scope) = (call.operation.id, call.operation.scope)
        let entry = entry(call.request, call.id, call.caller.credential)
        if scope != .message { try audit.asked(entry, id) }
        let response: Response
        do throws(Problem) {
            response = try await performTraced(call, context)
        } catch {
            try audit.answered(entry, id, code: error.code)
            throw error
        }
        try audit.answered(entry, id, code: nil)
        return response
    }

    private func entry(
        _ request: Request, _ id: String, _ credential: Credential?
    ) -> Audit.Entry {
        Audit.Entry(
            credential: credential?.name, request: id, method: request.method.rawValue,
            path: request.head.path ?? "")
    }

    /// Does it as a part of the trace that the client names in `traceparent`, if it does.
    private func performTraced(
        _ call: Call, _ context: APIContext
    ) async throws(Problem) -> Response {
        guard let header = call.request.headers[.traceparent],
            let cause = TraceContext(header: header)
        else { return try await perform(call, context) }
        return try await TraceContext.$current.withValue(cause) {
            await Self.outcome { () async throws(Problem) in try await perform(call, context) }
        }.get()
    }

    /// Does it: what is short, and what waits for an actor, on the connection's event loop, and what may compile,
    /// read disks or look at every actor elsewhere, where it holds up no other connection.
    private func perform(_ call: Call, _ context: APIContext) async throws(Problem) -> Response {
        switch call.operation.id {
        case .send, .request, .call, .health, .sendOnChannel:
            return try await performHere(call, context)
        default:
            return try await withTaskExecutorPreference(globalConcurrentExecutor) {
                await Self.outcome { () async throws(Problem) in
                    try await performHere(call, context)
                }
            }.get()
        }
    }

    private static func outcome(
        _ work: () async throws(Problem) -> Response
    ) async -> Result<Response, Problem> {
        do throws(Problem) {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }

    /// Every operation has its place here, which the compiler sees to.
    private func performHere(
        _ call: Call, _ context: APIContext
    ) async throws(Problem) -> Response {
        switch call.operation.id {
        case .health: nodes.health()
        case .readiness: try nodes.readiness()
        case .openAPI: nodes.document()
        case .node: nodes.show()
        case .deadLetters: nodes.deadLetters()
        case .followDeadLetters: try nodes.followDeadLetters(call, values)
        case .subscribers: try subscribers.list(call)
        case .followSubscribers: try subscribers.follow(call, values)
        case .putModule: try await store.putModule(call)
        case .module: try await store.module(call)
        case .metrics: nodes.metrics()
        case .openSocket: try await channels.openSocket(call, context)
        case .openChannel: try await channels.open(call)
        case .sendOnChannel: try await channels.send(call)
        case .closeChannel: try channels.close(call)
        case .listTokens: tokens.list()
        case .createToken: try await tokens.create(call)
        case .revokeToken: try await tokens.revoke(call)
        case .roster: try await roster.show()
        case .putRoster: try await roster.put(call)
        case .children: try lists.children(call)
        case .listChains: try lists.chains(call)
        case .chain: try lists.chain(call)
        case .listChannels: channels.list(call)
        case .store: try await lists.namespaces(call)
        case .labels: try await lists.labels(call)
        case .putContent: try await store.putContent(call)
        case .content: try await store.content(call)
        case .setLabel: try await store.setLabel(call)
        case .removeLabel: try await store.removeLabel(call)
        case .listActors: try actors.list(call)
        case .tree: try actors.tree(call)
        case .followTree: try actors.followTree(call, values)
        case .startActor: try await actors.start(call)
        case .actor: try await actors.show(call)
        case .followActor: try actors.follow(call, values)
        case .functions: try actors.functions(call)
        case .state: try actors.state(call)
        case .stopActor: try await actors.stop(call)
        case .killActor: try await actors.kill(call)
        case .restartActor: try await actors.restart(call)
        case .upgradeActor: try await actors.upgrade(call)
        case .send: try await talk.send(call)
        case .request: try await talk.request(call)
        case .call: try await talk.call(call)
        case .events: try await chains.page(call)
        case .followEvents: try await chains.follow(call)
        }
    }

    /// What is before the query.
    private static func path(of target: String) -> Substring {
        target[..<(target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex)]
    }

    private func allowed(_ request: Request) -> [String] {
        let path = Self.path(of: request.head.path ?? "")
        guard
            case .otherMethods(let methods) = routes.match(
                method: request.method.rawValue, path: path)
        else { return DashboardPages.page(path) == nil ? [] : ["GET"] }
        return methods
    }

    /// The client's own identity of the request, if it is a decent one, or a new one.
    private func requestID(_ request: Request) -> String {
        if let given = request.headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C })
        {
            return given
        }
        return String(world.randomWord(), radix: 36)
    }

    /// Whether what may be left of the body is not worth reading for another request's sake.
    private static func hasLongBody(_ request: Request) -> Bool {
        if request.headers[.transferEncoding] != nil { return true }
        guard let announced = request.headers[.contentLength] else { return false }
        return Int(announced).map { $0 > 65_536 } ?? true
    }

    /// The response, after which the connection ends.
    private static func closing(_ response: Response, _ channel: any Channel) -> Response {
        var response = response
        response.headers[.connection] = "close"
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            channel.close(promise: nil)
        }
        return response
    }
}

extension HTTPField.Name {
    static let requestID = HTTPField.Name("X-Request-ID") ?? .eTag
    static let traceparent = HTTPField.Name("traceparent") ?? .eTag
    static let contentTypeOptions = HTTPField.Name("X-Content-Type-Options") ?? .eTag
}
