/// A congestion controller of one's own, for the connections that are given it as their
/// ``ConnectionConfiguration/congestionControl``.
///
/// ```swift
/// let gentle = SuppliedCongestionController("gentle") { start in Gentle(segmentSize: start.window.segmentSize) }
/// configuration.congestionControl = .supplied(gentle)
/// ```
///
/// A settings' value is copied for each connection and looked at for each segment, so what it names is not counted: a
/// supplied controller is kept for the life of the process. Make one, and give it to as many connections as there are.
public struct SuppliedCongestionController: Sendable, Equatable {
  private let kind: Unmanaged<SuppliedKind>

  /// Takes in how to make a controller for a connection.
  ///
  /// - Parameters:
  ///   - name: what it is called where connections are listed.
  ///   - make: makes the controller of one connection. It is called once for each, when its handshake is over, on whichever
  ///     thread the connection belongs to; the connection owns what it returns.
  public init<Controller: CongestionController>(
    _ name: StaticString,
    make: @escaping @Sendable (CongestionStart) -> Controller
  ) {
    kind = Unmanaged.passRetained(SuppliedKind(name: name) { ControllerBox(make($0)) })
  }

  /// What it is called where connections are listed.
  public var name: StaticString { kind.takeUnretainedValue().name }

  /// Whether both are the same one, not merely of the same kind.
  public static func == (left: Self, right: Self) -> Bool {
    left.kind.toOpaque() == right.kind.toOpaque()
  }

  /// Makes the controller of one connection. Allocates.
  func makeController(_ start: CongestionStart) -> SuppliedController {
    SuppliedController(kind.takeUnretainedValue().make(start))
  }
}

/// How to make controllers of one kind.
private final class SuppliedKind: Sendable {
  let name: StaticString
  let make: @Sendable (CongestionStart) -> AnyController

  init(name: StaticString, make: @escaping @Sendable (CongestionStart) -> AnyController) {
    self.name = name
    self.make = make
  }
}

/// One connection's supplied controller, whichever type it has.
///
/// A class holds it, because with a protocol's value or a generic parameter in its place the connections with the built-in
/// ones would be larger or slower. `LossRecoveryStorage` owns it for as long as there is the connection, so nothing is counted
/// when it is told something. What it costs is its author's: the compiler's check of the engine's hot paths ends here.
///
/// Nothing that it does to its window breaks the engine: of what it set only the two quantities are taken, within bounds.
/// (The segment's size is the path's; a controller may have kept a window from before that changed.)
struct SuppliedController: CongestionController {
  private let reference: Unmanaged<AnyController>

  fileprivate init(_ controller: AnyController) { reference = Unmanaged.passRetained(controller) }

  /// Gives it back. It must not be used after that.
  func deallocate() { reference.release() }

  var ownsWindow: Bool {
    @inline(never) @_semantics("no_performance_analysis")
    get { reference._withUnsafeGuaranteedRef { $0.ownsWindow } }
  }

  var pacingRate: UInt64 {
    @inline(never) @_semantics("no_performance_analysis")
    get { reference._withUnsafeGuaranteedRef { $0.pacingRate } }
  }

  var holdsBack: Bool {
    @inline(never) @_semantics("no_performance_analysis")
    get { reference._withUnsafeGuaranteedRef { $0.holdsBack } }
  }

  @inline(never) @_semantics("no_performance_analysis")
  func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {
    reference._withUnsafeGuaranteedRef {
      $0.sent(count, inFlightBefore: inFlightBefore, isApplicationLimited: isApplicationLimited, at: now)
    }
  }

  func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    tell(&window) { $0.acknowledged(sample, window: &$1) }
  }

  func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {
    tell(&window) { $0.lost(loss, window: &$1, at: now) }
  }

  func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {
    tell(&window) { $0.congested(signal, flight: flight, window: &$1, at: now) }
    // The engine leads the window to the threshold: one that leaves it open wants the window as it is.
    if window.slowStartThreshold == CongestionWindow.unknown, !ownsWindow { window.slowStartThreshold = window.bytes }
  }

  func recovered(window: inout CongestionWindow, at now: Instant) {
    tell(&window) { $0.recovered(window: &$1, at: now) }
  }

  func spurious(window: inout CongestionWindow, at now: Instant) {
    tell(&window) { $0.spurious(window: &$1, at: now) }
  }

  func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    tell(&window) { $0.restarted(afterIdle: idle, window: &$1, at: now) }
  }

  @inline(never) @_semantics("no_performance_analysis")
  private func tell(_ window: inout CongestionWindow, _ event: (AnyController, inout CongestionWindow) -> Void) {
    var proposed = window
    reference._withUnsafeGuaranteedRef { event($0, &proposed) }
    window.set(proposed.bytes)
    window.slowStartThreshold = max(proposed.slowStartThreshold, window.segmentSize)
  }
}

/// A supplied controller without its type.
private class AnyController {
  var ownsWindow: Bool { false }
  var pacingRate: UInt64 { 0 }
  var holdsBack: Bool { false }
  func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {}
  func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {}
  func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {}
  func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {}
  func recovered(window: inout CongestionWindow, at now: Instant) {}
  func spurious(window: inout CongestionWindow, at now: Instant) {}
  func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {}
}

private final class ControllerBox<Controller: CongestionController>: AnyController {
  private var controller: Controller

  init(_ controller: Controller) { self.controller = controller }

  override var ownsWindow: Bool { controller.ownsWindow }
  override var pacingRate: UInt64 { controller.pacingRate }
  override var holdsBack: Bool { controller.holdsBack }

  override func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {
    controller.sent(count, inFlightBefore: inFlightBefore, isApplicationLimited: isApplicationLimited, at: now)
  }

  override func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    controller.acknowledged(sample, window: &window)
  }

  override func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {
    controller.lost(loss, window: &window, at: now)
  }

  override func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    controller.congested(signal, flight: flight, window: &window, at: now)
  }

  override func recovered(window: inout CongestionWindow, at now: Instant) {
    controller.recovered(window: &window, at: now)
  }

  override func spurious(window: inout CongestionWindow, at now: Instant) {
    controller.spurious(window: &window, at: now)
  }

  override func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    controller.restarted(afterIdle: idle, window: &window, at: now)
  }
}
