import ArgumentParser
import SockeyeText

/// The command line of Sockeye: one binary with verbs.
@main
struct Sockeye: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sockeye",
    abstract: "TCP and UDP: conversations, files and what goes on underneath.",
    discussion: """
      An ENDPOINT is HOST:PORT, HOST PORT, :PORT, PORT (to listen), [ADDRESS%ZONE]:PORT, each of them behind tcp://, \
      udp:// or tls:// if wanted, or unix:PATH. Durations take units (500ms, 5s, 2m), sizes too (64KiB, 1MB).

      Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 other failure, 2 usage, \
      3 local file, 4 network, 5 TLS verification, 6 authentication, 7 the peer broke the protocol, 8 the server \
      reported an error, 9 integrity, 10 timed out, 11 refused (would overwrite, or an unsafe name), 12 --expect was \
      not met, 128+n signal n.
      """,
    version: Version.text,
    subcommands: [
      Bench.self, Checksum.self, Completions.self, Connect.self, ConsoleCommand.self, Flags.self, Get.self,
      HostCommand.self, Impair.self, Lab.self, Listen.self, Manual.self, Put.self, Run.self, Serve.self, Watch.self,
    ]
  )

  @OptionGroup var speech: LanguageFlag

  static func main() async {
    StandardDescriptors.open()
    Signals.ignoreBrokenPipes()
    do {
      var command = try parseAsRoot(ArgumentText.arguments)
      if let ruled = command as? any RuledCommand { try ruled.checkFlags(CommandLine.arguments.dropFirst(2)) }
      // Whatever has threads by now would not be confined with them.
      (command as? Serve)?.confine()
      Signals.shared.start()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
      Exit.now(.success)
    } catch {
      Exit.report(error)
    }
  }
}

/// What this program calls itself.
enum Version {
  static let text = "0.1.0"
}
