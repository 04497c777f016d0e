/// The status codes that this server sends: RFC 9110, section 15.
enum HTTPStatus: Int, Sendable {
  case ok = 200
  case created = 201
  case noContent = 204
  case partialContent = 206
  case movedPermanently = 301
  case notModified = 304
  case badRequest = 400
  case unauthorized = 401
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case requestTimeout = 408
  case conflict = 409
  case lengthRequired = 411
  case preconditionFailed = 412
  case contentTooLarge = 413
  case targetTooLong = 414
  case rangeNotSatisfiable = 416
  case expectationFailed = 417
  case locked = 423
  case tooManyRequests = 429
  case headersTooLarge = 431
  case internalError = 500
  case notImplemented = 501
  case serviceUnavailable = 503
  case versionNotSupported = 505
  case insufficientStorage = 507

  /// What follows the number in the status line.
  var phrase: StaticString {
    switch self {
    case .ok: "OK"
    case .created: "Created"
    case .noContent: "No Content"
    case .partialContent: "Partial Content"
    case .movedPermanently: "Moved Permanently"
    case .notModified: "Not Modified"
    case .badRequest: "Bad Request"
    case .unauthorized: "Unauthorized"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .requestTimeout: "Request Timeout"
    case .conflict: "Conflict"
    case .lengthRequired: "Length Required"
    case .preconditionFailed: "Precondition Failed"
    case .contentTooLarge: "Content Too Large"
    case .targetTooLong: "URI Too Long"
    case .rangeNotSatisfiable: "Range Not Satisfiable"
    case .expectationFailed: "Expectation Failed"
    case .locked: "Locked"
    case .tooManyRequests: "Too Many Requests"
    case .headersTooLarge: "Request Header Fields Too Large"
    case .internalError: "Internal Server Error"
    case .notImplemented: "Not Implemented"
    case .serviceUnavailable: "Service Unavailable"
    case .versionNotSupported: "HTTP Version Not Supported"
    case .insufficientStorage: "Insufficient Storage"
    }
  }

  /// What a person is told who sees nothing but this response.
  var explanation: String {
    switch self {
    case .badRequest: "the request is not one of HTTP/1.1"
    case .unauthorized: "a user's name and password are needed"
    case .forbidden: "this may not be read"
    case .notFound: "there is no such file here"
    case .methodNotAllowed: "files are read here with GET and HEAD"
    case .requestTimeout: "the request took too long to arrive"
    case .conflict: "something of that name stands in the way"
    case .locked: "somebody else is uploading a file of that name"
    case .targetTooLong: "the URL is too long"
    case .headersTooLarge: "the header fields are too large"
    case .rangeNotSatisfiable: "the file has no bytes in that range"
    case .preconditionFailed: "the file is another version than the request is about"
    case .contentTooLarge: "the body is too large"
    case .serviceUnavailable: "too many clients; try again in a while"
    case .tooManyRequests: "too many attempts; try again in a while"
    case .notImplemented: "bodies are taken as they are, or in chunks"
    case .insufficientStorage: "there is no room left for uploads"
    case .versionNotSupported: "this server speaks HTTP/1.1"
    case .expectationFailed: "the only expectation that can be met is 100-continue"
    default: "\(phrase)"
    }
  }
}
