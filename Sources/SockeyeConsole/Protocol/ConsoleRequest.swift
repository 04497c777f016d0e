internal import NIOCore
internal import SockeyeTransport

/// What somebody asks of the console.
struct ConsoleRequest {
  /// How the asker tells its requests apart.
  let id: JSONValue
  let operation: String
  var members: Members

  /// Reads a request.
  ///
  /// - Throws: An error, with the request's ``id`` as far as there is one.
  init(_ bytes: ByteBuffer) throws(Fault) {
    let value: JSONValue
    do {
      value = try JSONReader.read(bytes.readableBytesView)
    } catch {
      throw Fault(id: .null, error: ConsoleError(error))
    }
    guard let object = value.object else { throw Fault(id: .null, error: ConsoleError(.usage, .requestIsNoObject)) }
    members = Members(object)
    switch members.value("id") {
    case .string(let text)? where text.utf8.count <= 64: id = .string(text)
    case .integer(let number)?: id = .integer(number)
    case nil: id = .null
    default: throw Fault(id: .null, error: ConsoleError(.usage, .badRequestID))
    }
    do {
      operation = try members.requiredString("op")
    } catch {
      throw Fault(id: id, error: error)
    }
  }

  /// Why a request can't be read.
  struct Fault: Error {
    let id: JSONValue
    let error: ConsoleError
  }
}
