import SockeyeHost
import SockeyeTCP
import SockeyeWire

/// Numbers as people read them.
enum RateText {
  /// A rate with a prefix: `9.41 G`, to be followed by its unit.
  static func bits(_ rate: Double) -> String {
    var rest = rate
    var prefix = ""
    for next in ["k", "M", "G", "T"] where rest >= 1000 {
      rest /= 1000
      prefix = next
    }
    return "\(decimal(rest, places: 2)) \(prefix)"
  }

  /// Writes nanoseconds as seconds.
  static func seconds(_ nanoseconds: Int64) -> String {
    decimal(Double(nanoseconds) / 1e9, places: 3)
  }

  /// Writes a byte in two hexadecimal digits.
  static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  /// A number of no more than so many places, no zeros at its end.
  static func decimal(_ value: Double, places: Int) -> String {
    let scale = (0..<places).reduce(1) { product, _ in product * 10 }
    let scaled = (value * Double(scale)).rounded()
    guard scaled.magnitude < 0x1p62 else { return "\(value)" }
    let whole = Int64(scaled)
    let digits = String(whole % Int64(scale) + Int64(scale)).dropFirst()
    let fraction = String(digits.reversed().drop { $0 == "0" }.reversed())
    return fraction.isEmpty ? "\(whole / Int64(scale))" : "\(whole / Int64(scale)).\(fraction)"
  }
}

extension Endpoint {
  /// `ADDRESS:PORT`, an IPv6 address in brackets.
  var text: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
}
