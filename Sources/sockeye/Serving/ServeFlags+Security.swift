import ArgumentParser
import Glibc
import NIOCore
import SockeyeService
import SockeyeText
import SockeyeTransport

/// How `serve` proves who it is, and asks who its clients are.
struct SecurityFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Speak TLS too: 'auto' makes a certificate once, keeps it, and prints its fingerprint.",
      valueName: "auto"
    )
  )
  var tls: String?

  @Option(help: ArgumentHelp("Speak TLS too, with this certificate chain (PEM).", valueName: "file"))
  var certificate: String?

  @Option(help: ArgumentHelp("The certificate's private key (PEM).", valueName: "file"))
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Ask for the users and passwords in this file; a line may end in ':RULES', such as 'read /inbox=read,add', with read, add, change, delete, all and none.",
      valueName: "file"
    )
  )
  var authFile: String?

  @Option(help: ArgumentHelp("Add a user to --auth-file, ask for the password, and end.", valueName: "name"))
  var addUser: String?

  func validate() throws {
    if let tls, tls != "auto" {
      throw ValidationError(.tlsTakesAuto)
    }
  }

  /// The certificate to use, if TLS is spoken.
  func identity(names: [String]) throws(Failure) -> ServiceIdentity? {
    if let certificate, let key { return try ServiceIdentity(certificatePath: certificate, keyPath: key) }
    return tls == nil ? nil : try Self.ownIdentity(names: names)
  }

  /// The certificate that `auto` stands for, kept where the XDG Base Directory Specification has a program's state.
  private static func ownIdentity(names: [String]) throws(Failure) -> ServiceIdentity {
    let now = Int64(time(nil))
    guard let folder = stateFolder else {
      StandardError.say(.noStateFolder)
      return try ServiceIdentity.selfSigned(names: names, now: now)
    }
    let path = "\(folder)/sockeye/serve.pem"
    let (identity, isKept) = try ServiceIdentity.kept(at: path, names: names, now: now)
    if !isKept {
      StandardError.say(.certificateNotKept(VisibleText.of(path)))
    }
    return identity
  }

  static var stateFolder: String? {
    func variable(_ name: String) -> String? {
      // The specification has relative paths ignored.
      getenv(name).map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    return variable("XDG_STATE_HOME") ?? variable("HOME").map { "\($0)/.local/state" }
  }

  /// The passwords to ask for, if any.
  func passwords() throws(Failure) -> PasswordFile? {
    guard let authFile else { return nil }
    return try PasswordFile(file: authFile)
  }

  /// Asks for a password and adds its line to the file.
  func add(_ user: String, to path: String) throws(Failure) {
    guard let password = SecretPrompt.read(Speech.text(ProgramSentence.passwordPrompt(user).phrase)), !password.isEmpty
    else {
      throw Failure(.usage, .noPassword)
    }
    let line = try PasswordFile.line(user: user, password: password)
    let descriptor = ArgumentFile.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o600)
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotUse(path, .system(errno).lowercased(), isWriting: true))
    }
    defer { close(descriptor) }
    let bytes = Array((line + "\n").utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      throw Failure(.localFile, .cannotUse(path, .system(errno).lowercased(), isWriting: true))
    }
  }

}

extension PasswordFile {
  /// Reads a file.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it makes no sense.
  init(file path: String) throws(Failure) {
    guard let bytes = ArgumentFile.contents(of: path) else {
      throw Failure(.localFile, .cannotUse(path, .system(errno).lowercased(), isWriting: false))
    }
    try self.init(String(decoding: bytes, as: UTF8.self), name: path)
  }
}

/// A line that is not shown while it is typed.
enum SecretPrompt {
  /// Asks on the terminal; without one, takes a line of standard input.
  static func read(_ prompt: String) -> String? {
    guard Terminal.input.isTerminal else { return readLine() }
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return readLine() }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    defer {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
      StandardError.write("\n")
    }
    StandardError.write(prompt)
    return readLine()
  }
}
