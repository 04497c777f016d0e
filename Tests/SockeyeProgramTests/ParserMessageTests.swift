import ArgumentParser
import SockeyeText
import Testing

@testable import sockeye

@Suite("What is wrong with a command line, in every language")
struct ParserMessageTests {
  @Test(
    "The parser's sentences are told in Chinese, with what they quote",
    arguments: [
      ([], "缺少参数“<endpoint> ...”"),
      (["127.0.0.1:1", "--ttl"], "“--ttl <0-255>”缺少值"),
      (["127.0.0.1:1", "--ttl", "x"], "“--ttl <0-255>”的值“x”无效"),
      (["127.0.0.1:1", "--on-eof", "x"], "“--on-eof <on-eof>”的值“x”无效；可取 half-close、close、hold"),
      (["127.0.0.1:1", "--verbos"], "没有选项“--verbos”；是不是“--verbose”？"),
      (["127.0.0.1:1", "--nothing-like-it"], "没有选项“--nothing-like-it”"),
      (["127.0.0.1:1", "--udp=yes"], "选项“--udp”不带值，却给出了“yes”"),
      (["127.0.0.1:1", "--send", "it's"], nil),
    ] as [([String], String?)]
  )
  func sentences(arguments: [String], chinese: String?) {
    do {
      _ = try Sockeye.parseAsRoot(["connect"] + arguments)
      #expect(chinese == nil)
    } catch {
      let message = Sockeye.message(for: error)
      #expect(ParserMessage(message)?.phrase.chinese == chinese, "\(message)")
    }
  }

  @Test("Values that are quoted stay whole, whatever stands in them")
  func quotes() {
    let phrase = ParserMessage("The value 'it's' is invalid for '--idle <duration>'")?.phrase
    #expect(phrase?.chinese == "“--idle <duration>”的值“it's”无效")
    #expect(phrase?.english == "the value 'it's' is invalid for '--idle <duration>'")
    #expect(ParserMessage("2 unexpected arguments: 'a', 'b'")?.phrase.chinese == "多余的参数“a”“b”")
    #expect(ParserMessage("--ttl is a number from 0 to 255")?.phrase == nil)
  }

  @Test("A flag that can't be honoured is refused in every language, by its name")
  func rules() {
    let given = GivenFlags(["--tls", "--udp"])
    let objection = Connect.flagRules.lazy
      .filter { given.has($0.name, among: Connect.flagRules) }
      .compactMap { $0.objection(to: given, about: [.udp], among: Connect.flagRules) }.first
    #expect(objection?.english == "--udp and --tls exclude each other; leave one out")
    #expect(objection?.chinese == "--udp 与 --tls 互相排斥；请去掉一个")
  }

  @Test("An error of the system is told in every language, its number where the table lacks it")
  func system() {
    #expect(Phrase.system(2).english == "No such file or directory")
    #expect(Phrase.system(2).chinese == "没有这个文件或目录")
    #expect(Phrase.system(84).chinese.contains("84"))
  }
}
