import SockeyeDownload
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// The sentences in English.
extension ProgramSentence {
  var english: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason.english); check the name"
    case .logFailed(let reason): "the log can't be written any more: \(reason.english); the conversations go on"
    case .datagramFrom(let peer, let source): "\(peer): from \(source):"
    case .emptyDatagram(let peer): "an empty datagram from \(peer)"
    case .datagramCut(let peer, let length): "a datagram from \(peer) was cut to \(length) bytes; see --max-datagram"
    case .maxClientsAboveZero: "--max-clients is a number above 0"
    case .replyRateAboveZero: "--reply-rate is a number above 0"
    case .repliesNotNegative: "--replies is a number; 0 means no limit"
    case .drainingClients: "sockeye: no more clients; those who are there are served on, ^C again ends at once"
    case .clientReset: "the client reset the connection; what it said may be cut short"
    case .clientSilent: "the client does not answer any more; check the network"
    case .clientIdle: "nothing was said for the time that --idle allows"
    case .ttlRange: "--ttl is a number from 0 to 255"
    case .recordNeedsOutput: "--record - needs standard output for itself; add -o FILE"
    case .maxDatagramRange: "--max-datagram is a size from 1 to 65535"
    case .maxFrameRange: "--max-frame is a size from 1 to 1GiB"
    case .notMulticast(let text): "'\(text)' is not a multicast address; they are 224.0.0.0/4 and ff00::/8"
    case .recordLacks(let path, let count): "\(path) lacks \(count) packets: the disk did not keep up"
    case .cannotWriteFile(let path, let reason): "cannot write \(path): \(reason.english); choose another file"
    case .countAboveZero: "--count is a number above 0"
    case .totalAboveZero: "--total is a time above 0"
    case .retryNotNegative: "--retry is a number from 0"
    case .endingClient: "sockeye: ending once what was said is sent; ^C again ends at once"
    case .transferSizeRange: "--size is from 1 byte to 1TiB"
    case .keepsOneTransfer(let flag): "\(flag) keeps one transfer; give one --congestion"
    case .badImpairment(let problem):
      "--impair, --rate or --loss: \(problem.english); for example --impair loss=1%,queue=256KiB"
    case .noAlgorithm(let name): "there is no algorithm '\(name)'; there are cubic, newreno and bbr"
    case .verdictCountRange: "--count is a number from 1 to 100000"
    case .verdictsRight(let place, let right, let total): "\(place.english): \(right) of \(total) right"
    case .widthRange: "--width is a number from 60 to 1000"
    case .streamAboveZero: "--stream is a number from the table, from 1"
    case .captureProblem(let file, let problem): "sockeye: \(file): \(problem.english); what came before is shown"
    case .noConnection(let number, let count): "there is no connection \(number); the capture has \(count)"
    case .judgedByFirst(let missed): "judged by its first segments; \(missed) more aren't"
    case .segmentsNotDrawn(let missed): "\(missed) more segments are not drawn"
    case .captureOrInterface: "a capture and a live connection exclude each other; give one"
    case .nothingToWatch: "give a capture to watch, or --interface, or --pid, or a command behind --"
    case .recordCommandFirst:
      "a command is shown live; for that, 'sockeye run --capture FILE -- …' and then 'sockeye watch FILE'"
    case .cannotWatchCommand(let reason): "cannot watch the command: \(reason.english)"
    case .drawsOneConnection(let flag, let count): "\(flag) is about one connection of \(count); choose it by --stream"
    case .pageDrawsTCP(let scenario): "--html draws TCP, and '\(scenario)' is about datagrams; leave --html out"
    case .eventsNotIn(let file, let missed): "\(missed) more events are not in \(file)"
    case .followed(let first, let second): "→ from \(first), ← from \(second)"
    case .followedOne(let number, let count): "connection \(number) of \(count); --stream chooses another"
    case .pidAboveZero: "--pid is the number of a process, from 1"
    case .watchingProcess(let number): "watching process \(number); Ctrl-C ends it"
    case .seeProcessAsRoot:
      "to see a process's packets takes root, or CAP_NET_RAW, and CAP_SYS_PTRACE and CAP_SYS_ADMIN for those of others"
    case .seeProcesses: "'ps -e' names the processes"
    case .watching(let interface): "watching \(interface); Ctrl-C ends it"
    case .packetsMissed(let count): "\(count) packets passed too fast to be seen"
    case .seePacketsAsRoot:
      "to see packets takes root or the capability CAP_NET_RAW; or let tcpdump -w write a capture, and watch that"
    case .maxStreamsAboveZero: "--max-streams is a number above 0"
    case .everyRangeOrNone: "--every is a duration from 1ms, or 0s"
    case .tunTwice: "--tun is given twice: a network has two ends"
    case .impairWords: "write LISTEN TARGET SPEC, such as 8080 example.com:80 delay=50ms,loss=1%"
    case .impairSpecificationAlone: "with --tun, write SPEC alone"
    case .faultsBetweenDevices: "reset, close and silence are for streams, and between devices there are packets"
    case .faultsOfDatagrams: "reset, close and silence are for streams, and these are datagrams"
    case .tlsPassesAsItIs: "TLS passes as it is; write tcp:// or nothing"
    case .datagramsToDatagrams: "datagrams go to datagrams; write udp:// before both"
    case .noTCP: "there is no TCP connection in it"
    case .packetsNotTCP(let count): "packets that are not TCP: \(count)"
    case .segmentsUnlisted(let count): "\(count) segments of further connections"
    case .noScenario(let name):
      "there is no scenario '\(name)'; 'sockeye lab list' names them all, and a file is ./\(name)"
    case .notCapture(let path): "\(path) is neither pcap nor pcapng; give a capture as tcpdump -w writes it"
    case .mtuRange: "--mtu is a number from 68 to 65535"
    case .commandBehindDashes: "write the command behind --, as in 'sockeye run -- date'"
    case .notANameServer(let text): "'\(text)': a name server is an address, with :PORT if wanted"
    case .hostTakesPair(let text): "'\(text)': --host takes NAME=ADDRESS"
    case .faultsOfPackets(let text):
      "'\(text)': a command's network has packets; reset, close and silence are for streams"
    case .impairedTwice(let text): "'\(text)': all other destinations have one --impair; more take @RULE"
    case .longestPacketOfSome(let text): "'\(text)': mtu is the whole network's, and takes no @RULE"
    case .linkRateRange: "--rate is from 1 byte to 64 TiB a second"
    case .seed(let seed): "seed \(seed)"
    case .notExecuted(let name, let reason): "sockeye: \(name): \(reason.english)"
    case .mtuForIPv6: "IPv6 needs an MTU of 1280 at least; raise --mtu"
    case .notHostAddress(let address): "\(address) is not an address that a host can have on a network"
    case .notGateway(let text): "'\(text)' is not an address; --gateway takes one of IPv4 or IPv6"
    case .portTwice(let port, let flag): "port \(port) is asked for twice; give --\(flag) another"
    case .everyRange: "--every is a duration from 1ms"
    case .tlsTakesAuto: "--tls takes 'auto'; for a certificate of your own use --certificate and --key"
    case .noStateFolder: "Neither XDG_STATE_HOME nor HOME is set: the certificate is good for this start alone."
    case .certificateNotKept(let path): "Cannot write \(path): the certificate is good for this start alone."
    case .passwordPrompt(let user): "Password for \(user): "
    case .noPassword: "no password was given; type one, or send one line on standard input"
    case .cannotWriteLog(let path, let reason): "cannot write the log \(path): \(reason.english); check the folder"
    case .logLinesDropped(let count): "\(count) lines of the access log were dropped; the disk is too slow"
    case .workersRange: "--workers is a number from 1 to 256"
    case .waitingForConnections(let count): "Waiting for \(count) connections; interrupt again to end at once."
    case .uploadNeedsDirectory: "--upload needs one directory to put files into; name it alone"
    case .confined(let ports):
      "sockeye: confined to what is served: no other files, no programs\(ports ? ", no other ports, no connections out" : "")"
    case .unconfined(let reason): "sockeye: not confined (\(reason.english))"
    case .noDirectory:
      "no directory was named, and this is no terminal; write 'sockeye serve .' to serve the current one"
    case .reloaded: "Read the certificate and the passwords again."
    case .certificateFingerprint(let digest): "The certificate's SHA-256 is \(digest)"
    case .metricsAt(let address): "Metrics at http://\(address)/metrics"
    case .serviceRateRange: "--rate is at least 1KiB a second"
    case .maxClientsRange: "--max-clients is at least 1"
    case .maxPerAddressRange: "--max-per-address is at least 1"
    case .connectionsRange: "--connections is a number from 1 to 16"
    case .retryRange: "--retry is 0 or more"
    case .rateRange: "--rate is at least 1 byte a second"
    case .outputForOne: "-o is for one URL; -d takes many"
    case .urlOrInput: "name a URL, or a file of them with --input"
    case .inLine(let path, let number, let reason): "'\(path)', line \(number): \(reason.english)"
    case .putNeedsBoth: "name what to upload, and then the URL that it goes to"
    case .manyNeedFolder(let url): "several files go into a folder: end '\(url)' with a slash"
    case .notAllUploaded: "not everything could be uploaded"
    case .isThereAlready(let url): "\(url) is there already, with the same SHA-256"
    case .fileSent(let url, let size, let rate, let assurance):
      "\(url): \(size)\(rate.map { " at \($0)" } ?? ""), \(assurance.uploadPhrase.english)"
    case .folderSent(let files, let size, let skipped):
      "\(files) files, \(size)\(skipped > 0 ? "; \(skipped) were there" : "")"
    case .notAllDownloaded: "not everything could be downloaded"
    case .cannotWriteReadyFile(let path, let reason):
      "cannot write the ready file \(path): \(reason.english); check the folder"
    case .cannotReadSessions(let path, let reason): "cannot read '\(path)': \(reason.english)"
    case .cannotWriteOutput(let reason):
      "cannot write to standard output: \(reason.english); choose another place for it"
    case .noVerb(let verb, let nearest):
      "sockeye: there is no verb '\(verb)'; \(nearest.map { "did you mean '\($0)'?" } ?? "see 'sockeye --help'")"
    case .wrongCall(let problem, let command):
      "sockeye: \(problem); see '\(command) --help'"
    case .of(let subject, let phrase):
      "\(subject): \(phrase.english)"
    case .cannotReadInput(let reason):
      "cannot read standard input: \(reason.english); check the name"
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason.english); check the name"
    case .cannotUse(let path, let reason, let isWriting):
      "cannot \(isWriting ? "write" : "read") \(path): \(reason.english); check its name and its rights"
    case .cannotWriteTheOutput(let reason):
      "cannot write the output: \(reason.english); check the disk and the reader"
    case .cannotWriteTheLog(let reason):
      "cannot write the log: \(reason.english); check the disk and the reader"
    case .listening(let addresses):
      "listening on \(addresses.joined(separator: " and "))"
    case .retrying(let failure, let pause, let attempt, nil):
      "\(failure.english); again in \(pause) (attempt \(attempt))"
    case .retrying(let failure, let pause, let attempt, let total?):
      "\(failure.english); again in \(pause) (\(attempt) of \(total))"
    case .datagramsComeFrom(let peer):
      "\(peer): datagrams come from there; UDP makes no connection"
    case .datagramsGoTo(let peer):
      "\(peer): datagrams go there; UDP makes no connection"
    case .connected(let peer):
      "\(peer) connected"
    case .proxyIsOpen:
      "sockeye: whoever reaches this port may use the proxy; --auth-file says who may, and 127.0.0.1:PORT keeps it to this machine"
    case .proxied(let client, let name, let target?): "\(client): \(target), by \(name)"
    case .proxied(let client, _, nil): "\(client): datagrams"
    case .notProxied(let client, let target, let reason): "\(client): \(target): \(reason.english)"
    case .noSuchName: "no such host"
    case .proxyFault(let client, .tooSlow): "\(client): too slow to say what it wants"
    case .proxyFault(let client, .unknownProtocol): "\(client): speaks neither SOCKS 5 nor HTTP"
    case .proxyFault(let client, .notUser): "\(client): no user, or not with that password"
    case .proxyFault(let client, .notServed): "\(client): asks for what is not served here"
    case .proxyIsFull(let client): "\(client): turned away, there are as many clients as may be"
    case .scanned(let place, let open, let closed, let filtered):
      "\(place): \(open) open, \(closed) closed, \(filtered) filtered"
    case .severalPortsNeedProbe: "several ports can only be probed; add -z, or name one"
    case .connectedThrough(let peer, let proxy): "\(peer) connected, through the proxy \(proxy)"
    case .secured(let peer, let version, let cipher, let agreed):
      "\(peer): \(version)\(cipher.map { ", \($0)" } ?? "")\(agreed.map { ", ALPN \($0)" } ?? "")"
    case .certificate(let subject, let issuer, let lastDay, let days):
      "  certificate: \(subject), issued by \(issuer), valid until \(lastDay) (\(days) days)"
    case .hasItsTurn(let peer):
      "\(peer) has its turn"
    case .waits(let peer, let ahead):
      "\(peer) waits for its turn, \(ahead) before it"
    case .peerFinished(let peer, let time):
      "\(peer) has nothing more to say: its FIN came at \(time)"
    case .weFinished(let peer, let time):
      "\(peer) was told all: our FIN went out at \(time)"
    case .peerEndedStream(let peer, let time): "\(peer) has nothing more to say: it ended its stream at \(time)"
    case .weEndedStream(let peer, let time): "\(peer) was told all: we ended our stream at \(time)"
    case .peerEndedIt: "the peer ended it"
    case .peerLeft: "the peer left before it had heard all"
    case .peerEndedFirst(let theirs, let ours): "the peer's stream ended first, at \(theirs), ours at \(ours)"
    case .weEndedFirst(let ours, let theirs): "our stream ended first, at \(ours), the peer's at \(theirs)"
    case .exchanged(let received, let sent, let seconds):
      "received \(received), sent \(sent) bytes in \(seconds)"
    case .closed(let peer, let cause, let ending, let figures):
      "\(peer) closed: \(cause.english)\(ending.map { " (\($0.english))" } ?? ""); \(figures.english)"
    case .activeClose(let ours, let theirs):
      "active close: our FIN first, at \(ours), the peer's at \(theirs)"
    case .activeCloseUnanswered(let ours):
      "active close: our FIN at \(ours), none from the peer"
    case .passiveClose(let theirs, let ours):
      "passive close: the peer's FIN first, at \(theirs), ours at \(ours)"
    case .passiveCloseUnanswered(let theirs):
      "passive close: the peer's FIN at \(theirs)"
    case .simultaneousClose(let ours, let theirs):
      "simultaneous close: our FIN at \(ours), the peer's crossed it and came at \(theirs)"
    case .resetByUs:
      "reset by us"
    case .resetByPeer:
      "reset by the peer"
    case .noClients:
      "no clients"
    case .client(let peer, let isWaiting, let received, let sent):
      "\(peer)\(isWaiting ? " (waiting)" : ""): received \(received), sent \(sent) bytes"
    case .endsInsidePacket:
      "ends inside a packet"
    case .isDamaged:
      "is damaged"
    case .noData:
      "No data was sent, so nothing was slow."
    case .peerFirst:
      "the peer's FIN came first (passive close)"
    case .weFirst:
      "our FIN goes first (active close)"
    case .peerSilent:
      "the peer does not answer any more"
    case .socketError(let error):
      error
    case .serviceConnected(let service, let peer):
      "\(service.rawValue): \(peer) connected"
    case .serviceClosed(let service, let peer, let ending):
      "\(service.rawValue): \(peer) closed: \(ending.english)"
    case .measured(let transfer):
      "\(transfer.service.rawValue): \(transfer.peer) \(transfer.service == .source ? "took" : "sent") \(transfer.bytes) bytes "
        + "in \(transfer.seconds) s, \(transfer.rate)\(transfer.digest.map { ", sha256 \($0)" } ?? "")"
    case .hostIsUp(let device, let addresses, let services):
      "On \(device) as \(addresses.joined(separator: " and "))"
        + (services.isEmpty ? "." : ": \(services.joined(separator: ", ")).")
    case .cannotUseFile(let problem):
      "\(problem.english); choose another place"
    case .cannotUseDevice(let problem, let advice):
      "\(problem.english); \(advice.english)"
    case .runAsRoot:
      "run as root, or with the capability CAP_NET_ADMIN; or see 'sockeye host --help'"
    case .loadModule:
      "load the kernel's module tun"
    case .deviceIsTaken:
      "another program has it; choose another name"
    case .makeDevice:
      "if it exists, make it with 'ip tuntap add NAME mode tun vnet_hdr', or go without offload"
    case .seeLinks:
      "see 'ip link'"
    case .serving(let directory, let urls):
      "Serving \(directory) at \(urls.first ?? "no address that others can reach")"
        + urls.dropFirst().map { "\n  and at \($0)" }.joined()
    case .notReloaded(let reason):
      "sockeye: not reloaded: \(reason.english)"
    case .goingOn(let file, let offset):
      "\(file): going on from \(offset)"
    case .redirected(let place):
      "redirected to \(place)"
    case .renamed(let from, let to):
      "the name '\(from)' is kept as '\(to)'"
    case .tryingAgain(let failure, let attempt, let milliseconds):
      "\(failure.english); attempt \(attempt) in \(milliseconds) ms"
    case .startingAgain(let reason):
      "starting again: \(reason.english)"
    case .leftAsItIs(let file):
      "\(file) exists, and is left as it is"
    case .fileDone(let file, let size, let rate, let assurance):
      "\(file): \(size)\(rate.map { ", \($0)" } ?? ""), \(assurance.english)"
    case .folderDone(let files, let size, let skipped):
      "\(files) files, \(size)\(skipped > 0 ? ", \(skipped) were there already" : "")"
    case .flagIsFor(let flag, let right, let subjects, let remedy):
      "\(flag) is for \(FlagSubject.names(right).english), and this is \(FlagSubject.names(subjects).english); "
        + remedy.phrase.english
    case .flagGoesWith(let flag, let others):
      "\(flag) goes with \(others.joined(separator: " or ")); add that, or leave \(flag) out"
    case .flagsExclude(let flag, let other):
      "\(flag) and \(other) exclude each other; leave one out"
    case .flagStandsAlone(let flag, let other):
      "\(flag) stands alone; leave \(other) out"
    case .flagTakes(let flag, let right, let value, let subject):
      "\(flag) takes \(FlagSubject.names(right).english), and \(value) is \(subject.name.english)"
    case .flagIsNotFor(let flag, let reason):
      "\(flag): \(reason.english)"
    case .serverAsksForNone:
      "a server asks for no certificate unless --ca is given; leave it out"
    case .accessLogFailed(let reason):
      "sockeye: cannot write the access log: \(reason.english); its lines are lost until that works again"
    case .programIsEnding: "the program is ending"
    case .closedAtOnce(let endpoint): "\(endpoint) closed the connection at once"
    case .closedAtOnceByOther(let endpoint): "\(endpoint) closed the connection at once; is it 'sockeye bench --serve'?"
    case .notBenchServer(let endpoint): "\(endpoint) isn't 'sockeye bench --serve'; start one there, or use --mode http"
    case .cannotConnect(let endpoint, let reason): "cannot connect to \(endpoint): \(reason)"
    case .cannotMeasure(let endpoint, let reason): "\(endpoint) can't be measured: \(reason.english)"
    case .noConnectionStands: "no connection stands"
    case .benchConnectionsRange: "--connections is a number from 1 to 100000"
    case .perSecondRange: "--per-second is a number from 1 to 10000000"
    case .benchDurationRange: "--for is from 1ms to 24h"
    case .benchSizeRange(let sizes): "--size is from \(sizes.lowerBound) to \(sizes.upperBound) bytes"
    }
  }
}
