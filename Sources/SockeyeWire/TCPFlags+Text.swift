// How the control bits read in a trace.

extension TCPFlags: CustomStringConvertible {
  /// The names of the bits that are set, as RFC 9293 and RFC 9768 name them: `SYN,ACK`; `none` where none is.
  public var description: String {
    let names: [(TCPFlags, String)] = [
      (.fin, "FIN"), (.syn, "SYN"), (.rst, "RST"), (.psh, "PSH"), (.ack, "ACK"), (.urg, "URG"), (.ece, "ECE"),
      (.cwr, "CWR"), (.ae, "AE"),
    ]
    var text = ""
    for (flag, name) in names where contains(flag) {
      if !text.isEmpty { text += "," }
      text += name
    }
    return text.isEmpty ? "none" : text
  }
}
