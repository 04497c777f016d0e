import ArgumentParser
import Foundation
import SockeyeDownload
import SockeyeTransport

/// Through whom `get` and `put` reach servers.
struct ProxyFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Reach servers through http://HOST:PORT or socks5://HOST:PORT, which looks names up (default: what http_proxy, \
      https_proxy and all_proxy say).
      """,
      valueName: "url"
    )
  )
  var proxy: String?

  @Option(
    help: ArgumentHelp(
      "Reach these without one: names with all beneath them, addresses, 192.0.2.0/24; '*' for all (default: what no_proxy says).",
      valueName: "hosts"
    )
  )
  var noProxy: String?

  @Option(help: ArgumentHelp("Who to be to the proxy: a file of mode 600 with NAME:PASSWORD.", valueName: "file"))
  var proxyAuthFile: String?

  var selection: ProxySelection {
    get throws(Failure) {
      var selection = ProxySelection(environment: ProcessInfo.processInfo.environment)
      if let proxy { try selection.use(proxy) }
      if let noProxy { selection.except(noProxy) }
      if let proxyAuthFile { try selection.authenticate(file: proxyAuthFile) }
      return selection
    }
  }
}
