import NIOCore
import NIOHTTP1

/// Where the requests and responses of one connection stand: one exchange at a time, in order.
struct ExchangeState {
  typealias Request = HTTPExchange.Request

  private enum Phase {
    case idle
    /// The head is there, the end of the body is not. So much of the body has been ignored, or kept as a document.
    case receiving(Request, ignoredBytes: Int)
    /// The body goes into a file.
    case uploading(Request, Upload)
    /// The request is being worked on.
    case answering(Request)
    /// The response's body is being sent.
    case sending(Request, Response, BodyTransmission)
    case closed
  }

  /// What may still follow on the connection.
  private enum Following {
    case requests
    /// The client has ended its side.
    case nothing
    /// Something came that is no request, so that nothing after it can be one.
    case noise
  }

  /// What is known of a response whose body is sent bit by bit.
  struct Response {
    let status: HTTPStatus
    /// The length of the body in bytes, where it is known.
    let length: Int64?
  }

  /// What a part of a request makes necessary.
  enum Step {
    case begin(HTTPRequestHead)
    case answer(Request)
    /// The body is larger than one that is ignored.
    case refuseBody
    case store(ByteBuffer, Upload, Request)
    case finishUpload(Request, Upload)
    case nothing
  }

  /// What becomes of the connection.
  enum Ending: Equatable {
    case goOn
    /// Our side ends. `mayFollow` tells whether the client may still be sending.
    case finish(mayFollow: Bool)
    /// There is nothing that can be said.
    case close
  }

  private var phase = Phase.idle
  private var following = Following.requests
  /// Parts that came while a request was being answered: no more than a slice had in it.
  private var queue: ArraySlice<HTTPServerRequestPart> = []

  // MARK: Requests in

  /// Takes a part of a request, or keeps it while another is being answered.
  mutating func take(_ part: HTTPServerRequestPart) -> Step {
    if isBusy || !queue.isEmpty {
      queue.append(part)
      return .nothing
    }
    return step(part)
  }

  /// Takes the next part that was kept, if its turn has come.
  mutating func takeQueued() -> Step? {
    guard !isBusy, let part = queue.popFirst() else { return nil }
    return step(part)
  }

  private mutating func step(_ part: HTTPServerRequestPart) -> Step {
    switch (part, phase) {
    case (.head(let head), .idle):
      return .begin(head)
    case (.body(let bytes), .receiving(let request, let ignored)):
      guard ignored + bytes.readableBytes <= HTTPExchange.largestIgnoredBody else { return .refuseBody }
      if HTTPExchange.hasDocument(request.head.method) { request.document += bytes.readableBytesView }
      phase = .receiving(request, ignoredBytes: ignored + bytes.readableBytes)
      return .nothing
    case (.end, .receiving(let request, _)):
      request.isRead = true
      phase = .answering(request)
      return .answer(request)
    case (.body(let bytes), .uploading(let request, let upload)):
      return .store(bytes, upload, request)
    case (.end, .uploading(let request, let upload)):
      request.isRead = true
      phase = .answering(request)
      return .finishUpload(request, upload)
    default:
      // What comes after an error, or after the last response, is of no interest.
      return .nothing
    }
  }

  private var isBusy: Bool {
    switch phase {
    case .answering, .sending: true
    case .idle, .receiving, .uploading, .closed: false
    }
  }

  /// A head has come whose body is to be read and ignored.
  mutating func receive(_ request: Request) { phase = .receiving(request, ignoredBytes: 0) }

  /// A request is being worked on; what is left of it waits.
  mutating func answer(_ request: Request) {
    if case .closed = phase { return }
    phase = .answering(request)
  }

  /// The body of the request that is being worked on goes into a file; `false` if there is no such request any more.
  mutating func upload(_ upload: Upload, for request: Request) -> Bool {
    guard isAnswering else { return false }
    phase = .uploading(request, upload)
    return true
  }

  /// Something came that is no request.
  ///
  /// - Returns: Whether it is to be answered, and an upload that ends with it.
  mutating func refuse() -> (mustAnswer: Bool, abandoned: Upload?) {
    switch phase {
    case .closed:
      return (false, nil)
    case .answering, .sending:
      // The response under way is still owed; what came after it is not answered.
      queue = []
      following = .noise
      return (false, nil)
    case .uploading(_, let upload):
      return (true, upload)
    case .idle, .receiving:
      return (true, nil)
    }
  }

  /// The client has ended its side, and everything before that has been taken.
  mutating func inputEnded() -> Ending {
    switch phase {
    case .idle:
      phase = .closed
      return .finish(mayFollow: false)
    case .receiving, .uploading:
      return .close
    case .answering, .sending:
      // What has come before the end is still answered.
      if case .requests = following { following = .nothing }
      return .goOn
    case .closed:
      return .goOn
    }
  }

  /// Whether the client has ended its side.
  var inputHasEnded: Bool { following == .nothing }

  // MARK: Responses out

  /// Whether a response is awaited.
  var isAnswering: Bool {
    if case .answering = phase { true } else { false }
  }

  /// What is being sent.
  var transmission: BodyTransmission? {
    if case .sending(_, _, let transmission) = phase { transmission } else { nil }
  }

  /// The response to a request has a body that is sent bit by bit.
  mutating func send(_ response: Response, _ transmission: BodyTransmission, for request: Request) {
    phase = .sending(request, response, transmission)
  }

  /// The response has been given to the channel.
  mutating func answered(_ request: Request) -> Ending {
    let mayFollow = following == .noise || !request.isRead || !queue.isEmpty
    guard request.keepAlive, following == .requests || (following == .nothing && !queue.isEmpty) else {
      phase = .closed
      return .finish(mayFollow: mayFollow)
    }
    phase = .idle
    return .goOn
  }

  /// What ends with a connection before its time.
  struct Remains {
    var request: Request?
    var upload: Upload?
    var response: (Response, BodyTransmission)?
  }

  /// The connection is gone, or is about to be.
  mutating func close() -> Remains {
    defer {
      phase = .closed
      queue = []
    }
    switch phase {
    case .idle, .closed: return Remains()
    case .receiving(let request, _), .answering(let request): return Remains(request: request)
    case .uploading(let request, let upload): return Remains(request: request, upload: upload)
    case .sending(let request, let response, let transmission):
      return Remains(request: request, response: (response, transmission))
    }
  }

  /// Whether the next request may come.
  var isIdle: Bool {
    if case .idle = phase { true } else { false }
  }
}
