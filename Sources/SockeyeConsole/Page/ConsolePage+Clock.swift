extension ConsolePage {
  /// A clock that runs beside the page: browsers slow down the timers of pages that nobody looks at, and not those of workers.
  static let clock = #"""
    "use strict";
    addEventListener("message", ({ data: { number, milliseconds } }) => setTimeout(() => postMessage(number), milliseconds));

    """#
}
