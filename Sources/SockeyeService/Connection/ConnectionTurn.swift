import NIOCore

/// Who is at the other end of a connection, as far as it is known when the client's protocol is.
struct ConnectionClient: Sendable {
  /// The client's address, or what a proxy said that it is.
  var address: SocketAddress?
  var isEncrypted = false
  /// Why this client is turned away as soon as it has said what it wants.
  var refusal: HTTPStatus?
}

/// What the connection has to do next, as the protocol that is spoken on it decides.
enum ConnectionTurn {
  /// The body of a request is awaited.
  case receiveBody
  /// Some of that body has come.
  case bodyAdvanced
  /// The rest of that body waits for the disk.
  case holdBody
  /// The disk has caught up.
  case resumeBody
  /// A request is being answered: nothing else is read until then.
  case answer
  /// The response has been written: the next request may come.
  case awaitRequest
  /// The last response has been written. `mayFollow` tells whether the client may still be sending.
  case finish(mayFollow: Bool)
  /// Nobody is to take what was sent for the whole: the connection is reset.
  case abort
  /// Nothing is left to say.
  case close
}

/// A connection, as the protocol that is spoken on it sees it.
protocol ConnectionControl: AnyObject {
  func turn(_ turn: ConnectionTurn)
  /// Bytes that were written and that the client has not acknowledged.
  var undeliveredBytes: Int64 { get }
}

/// A protocol that is spoken on a connection, as the connection sees it.
protocol ConnectionSpeaker: ChannelInboundHandler {
  /// What is being sent, whose progress is watched.
  var transmission: BodyTransmission? { get }
  /// Whether it is we who have something to do before there is anything to send: no client is late meanwhile.
  var isWorking: Bool { get }
  /// The client has ended its side, and everything that came before has been read.
  func inputEnded()
  /// The client has not sent in time what it had begun.
  func clientIsLate()
  /// A second has passed.
  func tick()
  /// The connection is about to be closed, because its client takes nothing or the file that is sent has changed.
  func connectionIsCut(_ ending: AccessRecord.Ending)
}
