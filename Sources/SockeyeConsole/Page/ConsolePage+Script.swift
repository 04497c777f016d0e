extension ConsolePage {
  static let script = #"""
    "use strict";
    """#
}
