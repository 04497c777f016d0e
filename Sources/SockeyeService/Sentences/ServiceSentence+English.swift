import SockeyeText
import SockeyeTransport

/// The sentences in English.
extension ServiceSentence {
  var english: String {
    switch self {
    case .cannotReadCertificate(let path): "cannot read a certificate from \(path); name a file in PEM"
    case .cannotReadKey(let path): "cannot read a private key from \(path); name a file in PEM, without a passphrase"
    case .noCertificate(let path): "there is no certificate in \(path); name a file in PEM"
    case .cannotMakeCertificate(let reason):
      "cannot make a certificate: \(reason); bring one with --certificate and --key"
    case .cannotUseKept(let reason): "cannot use a certificate that was kept: \(reason)"
    case .badPasswordLine(let file, let line):
      "\(file), line \(line): expected user:pbkdf2-sha256$ITERATIONS$SALT$HASH, and perhaps :RULES such as read /inbox=read,add; 'sockeye serve "
        + "--add-user NAME --auth-file \(file)' writes such a line"
    case .badUserName(let name): "'\(name)' cannot be a user's name; leave out ':', line ends and a '#' in front"
    case .badBlock(let text): "'\(text)' is not a block of addresses; write 192.0.2.0/24 or 2001:db8::/32"
    case .badPrefix(let text, let bits): "'\(text)': the prefix length is a number from 0 to \(bits)"
    case .badIdentity(let reason): "the certificate and the key cannot be used: \(reason); are they a pair, in PEM?"
    case .cannotServe(let path, let reason):
      "cannot serve \(path): \(reason.english); name a folder or a file that can be read"
    case .neitherFileNorFolder(let path): "cannot serve \(path): it is neither a file nor a folder"
    case .hiddenName(let path): "cannot serve \(path): hidden names are never served; give it another one"
    case .sameName(let name): "two of what is to be served are called \(name); serve the folders that they are in"
    case .badPathPrefix(let text): "'\(text)' is no prefix of a path; write /files"
    case .noFallback(let path): "there is no file \(path) in what is served; --fallback names a page by its path there"
    case .badOrigin(let text): "'\(text)' is no origin; write https://example.org, without a path, or * alone for all"
    case .somethingIsThere: "something of that name is there already"
    case .folderAboveIsMissing: "the folder that it would be in is not there"
    case .folderIsNotEmpty: "the folder is not empty"
    case .hiddenThingsInFolder: "there is something in the folder that is not shown; it stays as it is"
    case .treeIsTooLarge: "there is too much in the folder for one request; go through the folders in it"
    case .threadsThere: "there are other threads already"
    case .onlyThisDigest: "the only digest to be had is hash=sha256"
    case .folderHasNoDigest: "a folder has no digest; ask for one of its files"
    }
  }
}
