import Testing

@testable import SockeyeTransport

@Suite("Names in any script")
struct InternationalNameTests {
  @Test(
    "Punycode is what RFC 3492, section 7.1, has",
    arguments: [
      ("ليهمابتكلموشعربي؟", "egbpdaj6bu4bxfgehfvwxn"),
      ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
      ("他們爲什麽不說中文", "ihqwctvzc91f659drss3x8bo0yb"),
      ("למההםפשוטלאמדבריםעברית", "4dbcagdahymbxekheh6e0a7fei0b"),
      ("почемужеонинеговорятпорусски", "b1abfaaepdrnnbgefbadotcwatmq2g4l"),
      ("なぜみんな日本語を話してくれないのか", "n8jok5ay5dzabd5bym9f0cm5685rrjetr6pdxa"),
      ("PorquénopuedensimplementehablarenEspañol", "PorqunopuedensimplementehablarenEspaol-fmd56a"),
      ("3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"),
      ("安室奈美恵-with-SUPER-MONKEYS", "-with-SUPER-MONKEYS-pc58ag80a8qai00g7n9n"),
      ("MajiでKoiする5秒前", "MajiKoi5-783gue6qz075azm5e"), ("そのスピードで", "d9juau41awczczp"),
      ("-> $1.00 <-", "-> $1.00 <--"), ("bücher", "bcher-kva"), ("", ""),
    ]
  )
  func punycode(text: String, code: String) {
    #expect(Punycode.encode(Array(text.unicodeScalars)) == code)
  }

  @Test(
    "A name becomes ASCII label by label (RFC 5891)",
    arguments: [
      ("http.test", "http.test"), ("127.0.0.1", "127.0.0.1"), ("fe80::1%eth0", "fe80::1%eth0"),
      ("Example.ORG", "Example.ORG"), ("中文.test", "xn--fiq228c.test"), ("www。例え。jp", "www.xn--r8jz45g.jp"),
      ("BÜCHER.example", "xn--bcher-kva.example"), ("bu\u{308}cher.example.", "xn--bcher-kva.example."),
      ("ｗｗｗ．例え．ｊｐ", "www.xn--r8jz45g.jp"), ("Ａ１－ｂ.test", "a1-b.test"), ("faß.de", "xn--fa-hia.de"),
      ("मराठी.भारत", "xn--d2b1ag0dl.xn--h2brj9c"),
    ]
  )
  func names(host: String, ascii: String) throws { #expect(try InternationalName.ascii(host) == ascii) }

  @Test(
    "What can't be part of a name is a usage error",
    arguments: [
      "☃.test", "中 文", "中\u{202e}文.test", "-中", "中-", "\u{301}a.test", "ab--中.test", "a\u{200d}中",
      String(repeating: "中", count: 64), "a／b.test", "a：80", "a＠b.test", "a？", "ｱ.test",
    ]
  )
  func refused(host: String) {
    #expect { try InternationalName.ascii(host) } throws: { ($0 as? Failure)?.kind == .usage }
  }
}
