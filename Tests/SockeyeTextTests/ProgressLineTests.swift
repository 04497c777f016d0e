import Testing

@testable import SockeyeText

@Suite("Progress on a terminal")
struct ProgressLineTests {
  private static let names = [
    "a", "debian-12.5.0-amd64-netinst.iso", "接收到的文件很长很长很长很长很长.txt", String(repeating: "x", count: 255),
  ]

  @Test("The line fits the terminal, however narrow", arguments: names, [10, 20, 39, 40, 79, 200])
  func fits(name: String, columns: Int) {
    let gibibyte: Int64 = 1 << 30
    let states: [(Int64, Int64?, Double)] = [
      (0, nil, 0), (5, 0, 0), (1023 << 20, 1023 * gibibyte, 12.3e6), (gibibyte, 2 * gibibyte, 1), (5, 5, 1e12),
      (.max, nil, .infinity),
    ]
    for (done, total, rate) in states {
      for language in Language.allCases {
        let line = ProgressLine(name: name, done: done, total: total, rate: rate, language: language)
        #expect(DisplayWidth.of(line.text(columns: columns)) <= columns, "\(line.text(columns: columns))")
      }
    }
  }

  @Test("At 40 columns there are still the name, the part that is done and the rate")
  func narrow() {
    let line = ProgressLine(name: "debian-12.5.0-amd64.iso", done: 300 << 20, total: 600 << 20, rate: 10_485_760)
    #expect(line.text(columns: 41) == "debian-12.5…  50 %  10.0 MiB/s  0:30 left")
    #expect(line.text(columns: 40) == "debian-12.5.0-amd64.i…  50 %  10.0 MiB/s")
    #expect(line.text(columns: 110).contains("█"))
    var chinese = line
    chinese.language = .chinese
    #expect(chinese.figures == "50 %  300 MiB，共 600 MiB  10.0 MiB/s  剩余 0:30")
  }

  @Test("East Asian characters take two columns, marks none")
  func widths() {
    #expect(DisplayWidth.of("接收") == 4)
    #expect(DisplayWidth.of("e\u{301}") == 1)
    #expect(DisplayWidth.shortened("接收到", to: 4) == "接…")
    #expect(DisplayWidth.shortened("接收", to: 4) == "接收")
    #expect(DisplayWidth.shortened("abc", to: 0) == "")
  }
}
