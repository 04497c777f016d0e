import ArgumentParser
import SockeyeTransport

/// Which addresses may be used; shared by the verbs that reach a network.
struct FamilyFlags: ParsableArguments {
  @Flag(name: .customShort("4"), help: "Use IPv4 only.")
  var v4 = false

  @Flag(name: .customShort("6"), help: "Use IPv6 only.")
  var v6 = false

  @Flag(name: .customShort("n"), help: "Take addresses only; look no names up.")
  var numericOnly = false

  var family: AddressFamily {
    if v4 { .v4 } else if v6 { .v6 } else { .any }
  }
}
