internal import NIOCore
public import SockeyeLink
internal import SockeyeWire

/// What happens to packets to and from some destinations, in place of what happens to all others.
public struct ImpairedDestination: Sendable {
  /// The destinations. Names are those by which the child was told their addresses.
  public var rule: AccessRule
  /// What happens, `up` from the child.
  public var impairments: ImpairmentSpecification

  /// What happens to packets of those destinations.
  public init(_ rule: AccessRule, _ impairments: ImpairmentSpecification) {
    self.rule = rule
    self.impairments = impairments
  }
}
