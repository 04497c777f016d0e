import SockeyeText
import SockeyeTransport

/// The sentences in English.
extension TalkSentence {
  var english: String {
    switch self {
    case .noEndOfJSON(let count):
      "the peer sent \(count) bytes and its JSON doesn't end; check --frame, or raise --max-frame"
    case .noDelimiter(let count):
      "the peer sent \(count) bytes without the delimiter; check --frame, or raise --max-frame"
    case .frameTooLong(let length, let longest):
      "the peer announced a frame of \(length) bytes, more than \(longest); check --frame, or raise --max-frame"
    case .frameTooShort(let length):
      "the peer announced a frame of \(length) bytes, less than its own header; check --frame"
    case .badFraming(let text):
      "'\(text)' is not a framing; write raw, gap:20ms, line, delimiter:0d0a, length:u16be@0, fixed:16 or json"
    case .messageDoesNotFill(let length, let frame):
      "a message of \(length) bytes does not fill frames of \(frame); change it or --frame"
    case .noRoomForLength(let offset, let length):
      "the length stands at byte \(offset), and the message has only \(length) bytes"
    case .lengthDoesNotFit(let length, let width):
      "a message of \(length) bytes does not fit a length of \(width) bytes"
    case .badNetwork(let text): "'\(text)' is not a network; write 10.0.0.0/8 or 2001:db8::/32"
    case .badPrefix(let text, let bits): "'\(text)': the prefix length is a number from 0 to \(bits)"
    case .datagramsDropped(let count): "\(count) datagrams dropped: the output was not read"
    case .tooManySources:
      "more addresses send datagrams than can be served; they are not heard until others fall silent"
    case .sourceAnswersAnswers(let address, let silence):
      "\(address) answers our answers by itself; not answered for \(silence)"
    case .answersAnswers(let silence): "answers our answers by itself; not answered for \(silence)"
    case .cannotSetUp(let reason): "the conversation could not be set up: \(reason)"
    case .needsCertificate: "listening with TLS needs a certificate; give --certificate FILE and --key FILE"
    case .noPrivateKey(let file): "\(file) has no private key that can be read; it must be PEM, without a passphrase"
    case .noCertificate(let file): "\(file) has no certificate that can be read; it must be PEM"
    case .cannotSetUpTLS(let reason):
      "TLS can't be set up: \(reason); do the certificate and the key belong together?"
    case .cannotStart(let command, let reason): "'\(command)' could not be started: \(reason.english)"
    case .noPipe(let reason): "no pipe for a command: \(reason.english); close some connections"
    case .cannotReadInput(let reason): "standard input can't be read: \(reason.english)"
    case .lineTooLong(let longest):
      "not sent: a terminal cuts lines at \(longest) bytes; pipe the text, or break it into lines"
    case .handshakeTooSlow(let peer, let limit):
      "\(peer) did not finish the TLS handshake within \(limit); does it speak TLS?"
    case .probeUnanswered(let limit):
      "no answer within \(limit), and no refusal: whether anybody receives there can't be known"
    case .certificateOfOther(let peer): "the certificate of \(peer) is for another name; use that name, or --insecure"
    case .connectionBroke(let peer, let reason): "the connection to \(peer) broke: \(reason.english)"
    case .conversationWithBroke(let peer, let reason): "the conversation with \(peer) broke: \(reason)"
    case .noCloseNotify(let peer): "\(peer) ended without TLS close_notify; what it said may be cut short"
    case .brokeOffAfterHandshake(let peer):
      "\(peer) broke off right after the TLS handshake, without a word; it may want another "
        + "certificate (--certificate, --key)"
    case .certificateExpired(let peer, let date):
      "the certificate of \(peer) expired on \(date); renew it, or --insecure"
    case .certificateNotYetValid(let peer, let date):
      "the certificate of \(peer) is not valid before \(date); check this machine's clock"
    case .certificateNotTrusted(let peer):
      "the certificate of \(peer) is not trusted; give --ca FILE, or --insecure to go without"
    case .conversationBroke(let reason): "the conversation broke: \(reason)"
    case .frameCut(let peer): "\(peer) ended in the middle of a frame; check --frame"
    case .endedWithoutSaying(let peer, let pattern): "\(peer) ended without saying /\(pattern)/"
    case .didNotSay(let peer, let pattern, let limit): "\(peer) did not say /\(pattern)/ within \(limit)"
    case .closedEarly(let peer): "\(peer) closed before it was told everything; the rest of the input was not sent"
    case .nobodyThere: "nobody is there to hear that"
    case .doesNotRead(let kept):
      "does not read what it is told; the others are not held up, and \(kept) MiB are kept for it"
    case .unknownCommand(let text): "'\(text)': there are @N TEXT, /clients, /kick N and /quit; say // for a slash"
    case .noClient(let number): "there is no client \(number); /clients lists them"
    case .datagramTooLarge(let peer, let longest):
      "a datagram to \(peer) is too large: they hold \(longest) bytes at most, and what the network "
        + "takes whole (see --frame to cut input into messages)"
    case .isBroadcast(let peer): "\(peer) is a broadcast address; add --broadcast to speak to everybody there"
    case .datagramRefused(let peer): "\(peer) refused the datagram: nobody receives on that port (ICMP)"
    case .unreachable(let peer): "\(peer) is unreachable; check the network and the address"
    case .cannotSendDatagram(let peer, let reason): "a datagram to \(peer) could not be sent: \(reason.english)"
    case .peerReset(let peer): "\(peer) reset the connection; what was said may be cut short"
    case .peerSilent(let peer): "\(peer) does not answer any more; check the network"
    case .peerIdle(let peer): "nothing was said to or by \(peer) for the time that --idle allows"
    case .unnamedSender: "a socket without a name cannot be answered; its owner has to bind it to a path or a name"
    case .datagramFromOther(let address): "a datagram came from \(address), which was not spoken to"
    case .badPattern(let pattern, let reason): "'\(pattern)' is not a regular expression: \(reason)"
    case .noChecksum(let name): "there is no checksum '\(name)'; 'sockeye checksum --list' names them all"
    case .looksLikeGBK: "this looks like GBK, not UTF-8; --encoding gbk shows it"
    case .looksLikeUTF8(let encoding):
      "this looks like UTF-8, not \(encoding); leave --encoding out, or --encoding utf-8"
    case .notHexadecimal(let text): "'\(text)' is not hexadecimal; write pairs of digits, such as 48 65 6c"
    case .notEscape(let text):
      "'\(text)' is not an escape; there are \\n \\r \\t \\0 \\a \\b \\e \\f \\v \\\\ \\NNN (octal) \\xHH \\u{HHHH}"
    case .cannotEncode(let text, let encoding):
      "'\(text)' has characters that \(encoding) lacks; use another --encoding"
    case .characterCut: "the input ends in the middle of a character; it has to be UTF-8"
    case .notEncoding(let name): "'\(name)' is not an encoding; try utf-8, gbk, gb18030, big5, shift_jis or latin1"
    case .noSocketFor(let address): "there is no socket for datagrams to \(address); look at the local address"
    case .tooManyPeers: "there are too many peers already; remove some"
    case .noEncoding(let name): "there is no encoding '\(name)'; 'iconv -l' lists those of this machine"
    case .cannotWriteRecord(let path, let reason): "cannot write \(path): \(reason.english); check the disk"
    case .unanswered(let limit): "no answer within \(limit)"
    case .tlsRefused(let peer, let refusal): "\(peer) \(refusal.english)"
    case .startTLSFailed(let peer, let refusal): "\(peer) \(refusal.english)"
    case .badApplicationProtocol(let name): "'\(name)': a protocol's name for ALPN has 1 to 255 bytes"
    case .handshakeFailed(let peer, let reason): "the TLS handshake with \(peer) failed: \(reason); does it speak TLS?"
    case .tlsBroke(let peer, let reason): "TLS with \(peer) broke: \(reason); does it speak TLS?"
    case .peerFinished: "peer FIN"
    case .peerResetCause: "peer RST"
    case .idle: "idle"
    case .timedOut: "timeout"
    case .peerEnded(let peer): "\(peer) ended the conversation"
    case .totalTimeIsUp: "the time that --total allows for the whole conversation is up"
    case .badPortList(let entry):
      "'\(entry)' is no port; write numbers from 1 to 65535, ranges such as 8000-8010, or ssh"
    case .portListIsForTCP: "several ports are probed over TCP alone; write HOST:22,80"
    case .cannotScan(let reason): "the scan could not go on: \(reason.english)"
    case .noAnswer: "no answer"
    case .commandEnded(.exited(let status)): "local (command ended with status \(status))"
    case .commandEnded(.signalled(let signal)): "local (command ended by signal \(signal))"
    case .local(let reason): "local (\(reason.rawValue))"
    }
  }
}
