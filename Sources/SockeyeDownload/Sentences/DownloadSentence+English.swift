import SockeyeText
import SockeyeTransport

/// The sentences in English.
extension DownloadSentence {
  var english: String {
    switch self {
    case .credentialsInURL: "credentials don't belong into a URL, where everybody sees them; use --auth-file FILE"
    case .badPlace(let url, let reason):
      "\(url): the server points to a place that can't be fetched from (\(reason.english))"
    case .badURL(let text): "'\(text)': a download is from http://, https:// or tcp://"
    case .missingPort(let text): "'\(text)' has no port; write tcp://HOST:PORT/NAME"
    case .badForm(let text, let scheme): "'\(text)': write \(scheme)://HOST:PORT/PATH"
    case .cannotWriteOutput(let reason): "cannot write to the output: \(reason.english)"
    case .notJournal(let path): "'\(path)' is not a journal of sockeye; move it away"
    case .notUnfinished(let path): "'\(path)' exists and is not an unfinished download of sockeye; move it away"
    case .becameShorter(let path): "'\(path)' became shorter; leave it alone while it is being downloaded"
    case .appearedMeanwhile(let path, let part): "'\(path)' has come into being meanwhile; the download is in '\(part)'"
    case .isBeingWritten(let path): "another download is writing '\(path)'; wait for it"
    case .connectionIsClosed(let url): "\(url): the connection is closed"
    case .unasked(let url): "\(url): the server sent what nobody asked for"
    case .serverSilent(let url, let seconds): "\(url): the server has been silent for \(seconds) s"
    case .closedWithoutAnswer(let url): "\(url): the server closed the connection without an answer"
    case .connectionCut(let url): "\(url): the connection was cut"
    case .serverClosed(let url): "\(url): the server closed the connection"
    case .stopped(let url): "\(url): stopped; the same command goes on from here"
    case .endedEarly(let url): "\(url): the connections ended before the file did"
    case .cannotTakeBack(let url, let reason):
      "\(url): \(reason.english), and what has been written to the output can't be taken back"
    case .restartedTooOften(let url, let reason):
      "\(url): the download had to begin anew too often, the last time because \(reason.english)"
    case .nothingDownloaded(let url): "\(url): nothing was downloaded"
    case .tooShort(let url, let count, let size): "\(url): only \(count) of \(size) bytes came"
    case .cannotRead(let path, let reason): "cannot read '\(path)': \(reason.english)"
    case .passwordsExposed(let path): "'\(path)' holds passwords and others may read it; chmod 600 '\(path)'"
    case .notCredentials(let path): "'\(path)' has neither one line NAME:PASSWORD nor entries as in .netrc"
    case .tooLongForSecrets(let path, let limit): "'\(path)' is longer than \(limit) bytes"
    case .openQuote(let path): "'\(path)': a quotation mark has no end; see .netrc"
    case .notToken(let path): "'\(path)' is not one line with a token"
    case .notField(let text): "'\(text)': write --header 'Name: value', or --header @FILE for the lines of a file"
    case .fieldHasControls(let name): "the value of '\(name)' has control characters, such as the end of a line"
    case .fieldIsOwn(let name): "'\(name)' is for the download itself to say; leave it out"
    case .fieldIsSecret(let name):
      "'\(name)' tells a secret, and everybody sees arguments; use --header @FILE, --bearer-file or --auth-file"
    case .noDigest(let answer): "\(answer); the server doesn't know Digest; without --digest it is told the password"
    case .checksumNeedsFile(let algorithm):
      "a \(algorithm) is made of a file that is whole; write to one, or name the file's SHA-256"
    case .notChecksums(let source):
      "'\(source)' has no line with a file's digest, as sha256sum or BSD's sha256 writes it"
    case .notInChecksums(let url, let source): "\(url): '\(source)' has no digest for it"
    case .twiceInChecksums(let url, let source): "\(url): '\(source)' has two digests for it that contradict each other"
    case .notMetalink(let source): "'\(source)' is not a Metalink (RFC 5854), or has what is refused in one"
    case .noDigestInMetalink(let name): "'\(name)': the Metalink has no digest that is known here"
    case .noPlaceInMetalink(let name): "'\(name)': the Metalink has no http:// or https:// place for it"
    case .someOfMetalinkFailed(let source, let count, let first):
      "'\(source)': \(count) of its files failed, the first with: \(first.english)"
    case .otherFileThere(let url): "\(url): the file there has another length, or another digest"
    case .slowPlace(let url): "\(url) is slow; others fetch the rest"
    case .placeLeft(let failure): "\(failure.english); the other places go on"
    case .nextPlace(let failure, let next): "\(failure.english); asking \(next)"
    case .credentialsInProxy:
      "credentials don't belong into an argument, which everybody sees; use --proxy-auth-file FILE"
    case .proxyAsks(let answer): "\(answer); --proxy-auth-file FILE says who you are to the proxy"
    case .nothingFollows(let path, let word): "'\(path)': nothing follows '\(word)'"
    case .notUnderstood(let path, let word): "'\(path)': '\(word)' is not understood; see .netrc"
    case .headersTooLong(let url): "\(url): the server's header fields are too long"
    case .notHTTP(let url, let reason): "\(url): what the server answers is not HTTP (\(reason))"
    case .cutInHandshake(let url):
      "\(url): the server broke the connection off in the middle of the TLS handshake; does it speak TLS?"
    case .serverReset(let url): "\(url): the server reset the connection"
    case .failed(let url, let reason): "\(url): \(reason)"
    case .tooManyRedirects(let url, let most): "\(url): more than \(most) redirects; the server sends us in circles"
    case .redirectToNowhere(let url): "\(url): the server redirects and doesn't say where to"
    case .unaskedCoding(let url, let names):
      "\(url): the server packs what it sends in a way that was not asked for (\(names))"
    case .noListings(let url):
      "\(url): the bare-name protocol has no listings; --recursive is for http:// and https://"
    case .someFailed(let url, let count, let first):
      "\(url): \(count) of its files failed, the first with: \(first.english)"
    case .tooManyFiles(let url, let most): "\(url): more than \(most) files; take its folders one by one"
    case .tooDeep(let url, let most): "\(url): folders lie more than \(most) deep; take it by itself"
    case .noListing(let url): "\(url): what the server sends is no list of a folder that is known here; name the files"
    case .answerTooLong(let url, let limit): "\(url): the answer is longer than \(limit) bytes"
    case .bodyTooLong(let url): "\(url): the body is longer than the server said"
    case .noSignOfSame: "the server gave no sign by which to know the same file again"
    case .answersWhole(let url, let status): "\(url): the server answers \(status) to a request for the whole file"
    case .partUnasked(let url): "\(url): the server sends a part unasked"
    case .otherSizeThanListed(let url, let size, let listed):
      "\(url): \(size) bytes came, and the server lists it with \(listed); try again"
    case .keptPacked(let url, let coding): "\(url): the server sends the file packed (\(coding)); it is kept so"
    case .noEncoding(let name): "there is no encoding '\(name)'; 'iconv -l' lists them"
    case .cannotEncode(let name, let encoding): "'\(name)' cannot be written in \(encoding)"
    case .exists(let path): "'\(path)' exists; --on-exists rename, overwrite or skip says what to do"
    case .isReplaced(let path): "'\(path)' is not what the server has by now, and is replaced"
    case .begunElsewhere: "what is there was begun from another URL"
    case .diskDiffers: "what is on the disk is not what was written there"
    case .otherDigest: "what is there doesn't have the digest that is wanted"
    case .appeared(let path): "'\(path)' has come into being meanwhile; it is left as it is"
    case .certificateOfOther(let url, let host):
      "\(url): the certificate is for another name than \(host); check the name, or --fingerprint says "
        + "which one is right"
    case .certificateExpired(let url, let host, let date):
      "\(url): the certificate of \(host) expired on \(date); its owner has to renew it"
    case .certificateNotYetValid(let url, let host, let date):
      "\(url): the certificate of \(host) is valid only from \(date) on; check this machine's clock"
    case .noSignOfPart: "the server gave no sign by which to know a part of the file again"
    case .noParts: "the server can't send parts of the file"
    case .fileChanged: "the file on the server has changed"
    case .otherPart(let url): "\(url): the server sends another part of the file than it was asked for"
    case .partOfUnknown(let url): "\(url): the server sends a part and doesn't say of how much"
    case .unprovedPart: "the server gives no sign that its part is of the same file"
    case .partWithoutLength: "the server doesn't say how long its part is"
    case .partOfOtherLength(let url): "\(url): the part that the server sends is not as long as it says"
    case .noSuchPart: "the server has no such part of the file any more"
    case .refusesPart(let url): "\(url): the server refuses a part of the file that it has"
    case .somethingElse(let url, let new, let old):
      "\(url): the server answers with something else than the file that it began to send (\(new) instead of \(old))"
    case .noFileName: "the place has no file name of its own; choose one with -o NAME"
    case .unsafeName(let name): "the name '\(name)' is unsafe; choose one with -o NAME"
    case .cannotWriteTo(let path, let reason): "cannot write to '\(path)': \(reason.english)"
    case .isFolder(let path): "'\(path)' is a folder; use -d to download into it"
    case .notFileName(let path): "'\(path)' is not the name of a file, or too long for one"
    case .cannotOpenFolder(let path, let reason):
      "cannot open the folder '\(path)': \(reason.english); create it, or choose another"
    case .cannotCreateFolder(let path, let reason): "cannot create the folder '\(path)': \(reason.english)"
    case .cannotOpenSubfolder(let path, let reason): "cannot open the folder '\(path)': \(reason.english)"
    case .notFolder(let path): "'\(path)' is a file or a link, not a folder; move it away"
    case .notRegular(let path): "'\(path)' is not a regular file; move it away"
    case .notOwnRegular(let path): "'\(path)' is not a regular file of this user; move it away"
    case .cannotReadCertificates(let path): "cannot read certificates from '\(path)'; --ca takes a file in PEM form"
    case .closedAtOnce(let url): "\(url): the connection was closed at once"
    case .handshakeTooSlow(let url, let seconds):
      "\(url): the TLS handshake has taken more than \(seconds) s; --connect-timeout allows more"
    case .because(let url, let reason):
      "\(url): \(reason.english)"
    case .beginAnew(let failure, let part):
      "\(failure.english); the same command tries to go on; to begin anew, remove '\(part)' and '\(part).journal'"
    case .otherThanServers(let url, let digest, let expected):
      "\(url): the SHA-256 is \(digest), but the server names \(expected); it is not given its name"
    case .otherThanAskedFor(let url, let found, let expected):
      "\(url): the file has \(found), but \(expected) was asked for; it is not given its name"
    case .redirectToPlain(let url, let next):
      "\(url): the server redirects to \(next), which is not encrypted; if that is wanted, ask for \(next)"
    case .redirectElsewhere(let url, let next):
      "\(url): the server redirects to \(next), which is not HTTP"
    case .needsCredentials(let answer):
      "\(answer); --auth-file FILE names who you are"
    case .badCredentials(let answer):
      "\(answer); check the --auth-file"
    case .notFound(let answer):
      "\(answer); check the path"
    case .cutAfter(let url, let position, let end):
      "\(url): the connection was cut after byte \(position)\(end.map { " of \($0)" } ?? "")"
    case .cannotLookAt(let path, let reason):
      "cannot look at '\(path)': \(reason.english)"
    case .cannotOpen(let path, let reason):
      "cannot open '\(path)': \(reason.english)"
    case .cannotWrite(let path, let reason):
      "cannot write '\(path)': \(reason.english)"
    case .cannotCreate(let path, let reason):
      "cannot create '\(path)': \(reason.english)"
    case .cannotRename(let from, let path, let reason):
      "cannot rename '\(from)' to '\(path)': \(reason.english)"
    case .noSpace:
      "no space left; make room, and run it again"
    case .ambiguousNothing(let url):
      "\(url): the server answered nothing, which is how this protocol says 'not found', or an empty file; "
        + "--allow-ambiguous takes it as the file"
    case .ambiguousByte(let url):
      "\(url): the server answered the single byte '1', which is how this protocol says 'not found', "
        + "or a file of that one byte; --allow-ambiguous takes it as the file"
    case .tlsFailed(let url, let problem):
      "\(url): \(problem.english)"
    }
  }
}
