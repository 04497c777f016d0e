import ArgumentParser
import Glibc
import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// Prints checksums of files, of text, or of standard input.
struct Checksum: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sum bytes up: sums, XOR, LRC, CRC-8/16/32, the Internet checksum, SHA-256.",
    discussion: """
        sockeye checksum --algorithm crc-16/modbus --input hex '01 03 00 00 00 0a'
        sockeye checksum --algorithm crc-32 --file disk.img
        printf 123456789 | sockeye checksum --algorithm crc-8
      """
  )

  @Argument(help: "The text to sum up; without it, --file or standard input.")
  var text: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The algorithm; may be repeated. Without it, several.", valueName: "name")
  )
  var algorithm: [String] = []

  @Option(help: ArgumentHelp("Sum a file up.", valueName: "file"))
  var file: String?

  @Option(help: "How the text stands for bytes: text, hex or escape.")
  var input = InputNotation.text

  @Option(help: "The encoding that the text is put into.")
  var encoding = "utf-8"

  @Flag(help: "Name all algorithms, with their check values.")
  var list = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @OptionGroup var speech: LanguageFlag

  private static let usual = [
    "sum8", "sum16", "xor", "lrc", "internet", "crc-8", "crc-16/modbus", "crc-16/xmodem", "crc-32", "sha256",
  ]

  func run() throws {
    if list { return printList() }
    let algorithms = try (self.algorithm.isEmpty ? Self.usual : self.algorithm).map { try ChecksumAlgorithm($0) }
    var calculations = algorithms.map { $0.calculation() }
    if let text = self.text {
      var settings = Composer.Settings()
      settings.notation = input
      settings.encoding = try TextEncoding(encoding)
      let message = try Composer.message(text, settings)
      message.withUnsafeReadableBytes { bytes in
        for index in calculations.indices { calculations[index].update(bytes) }
      }
    } else {
      try readInput(into: &calculations)
    }
    let isOnly = algorithms.count == 1
    for (algorithm, calculation) in zip(algorithms, calculations) {
      show(calculation.digest, of: algorithm, isOnly: isOnly)
    }
  }

  private func show(_ digest: [UInt8], of algorithm: ChecksumAlgorithm, isOnly: Bool) {
    let digits = digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    if json {
      var line = JSONLine(event: "checksum")
      line.add("algorithm", algorithm.name)
      line.add("value", digits)
      print(line.line)
    } else {
      print(
        isOnly ? digits : algorithm.name + String(repeating: " ", count: max(1, 20 - algorithm.name.count)) + digits
      )
    }
  }

  private func readInput(into calculations: inout [ChecksumCalculation]) throws(Failure) {
    var descriptor = STDIN_FILENO
    if let path = file {
      descriptor = ArgumentFile.open(path, O_RDONLY)
      guard descriptor >= 0 else {
        throw Failure(.localFile, .cannotRead(path, .system(errno)))
      }
    }
    var chunk = [UInt8](repeating: 0, count: 262_144)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count == 0 { break }
      if count < 0 {
        if errno == EINTR { continue }
        if let file { throw Failure(.localFile, .cannotRead(file, .system(errno))) }
        throw Failure(.localFile, .cannotReadInput(.system(errno)))
      }
      chunk.withUnsafeBytes { bytes in
        let read = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        for index in calculations.indices { calculations[index].update(read) }
      }
    }
    if file != nil { close(descriptor) }
  }

  private func printList() {
    for algorithm in ChecksumAlgorithm.all {
      show(algorithm.checksum(of: Array("123456789".utf8)), of: algorithm, isOnly: false)
    }
  }
}
