import SockeyeText
import SockeyeTransport

/// What is to be said of uploads.
enum UploadSentence: Sentence {
  case shrankMeanwhile(_ file: String)
  case changedMeanwhile(_ file: String)
  case existsThere(_ url: DownloadURL)
  case redirectedAway(_ url: DownloadURL, _ location: String)
  case refusedThere(_ answer: String)
  case notFoundThere(_ answer: String)
  case noPutThere(_ answer: String)
  case noRoomThere(_ answer: String)
  case inUseThere(_ answer: String)
  case otherDigestThere(_ url: DownloadURL)
  case otherSizeThere(_ url: DownloadURL, _ there: UInt64, _ size: UInt64)
  case noBareName(_ url: DownloadURL)
  case uploadStopped(_ file: String, canGoOn: Bool)
  case folderNeedsFlag(_ path: String)
  case needsName(_ url: DownloadURL)
  case leftOut(_ path: String)
  case tooDeep(_ path: String, _ most: Int)
  case cannotMakeFolder(_ answer: String)
  case someFailed(_ path: String, _ count: Int, _ first: Phrase)

  var english: String {
    switch self {
    case .shrankMeanwhile(let file): "'\(file)' became shorter while it was being sent; leave it alone meanwhile"
    case .changedMeanwhile(let file): "'\(file)' was written to while it was being sent; run it again"
    case .existsThere(let url): "\(url) exists and is another file; --on-exists overwrite or skip says what to do"
    case .redirectedAway(let url, let location):
      "\(url): the server sends uploads elsewhere (\(location)); put it there"
    case .refusedThere(let answer): answer
    case .notFoundThere(let answer): "\(answer); does the folder exist there? --recursive makes folders"
    case .noPutThere(let answer): "\(answer); the server takes no files here ('sockeye serve' does with --upload)"
    case .noRoomThere(let answer): "\(answer); the server has no room for it"
    case .inUseThere(let answer): "\(answer); somebody else is uploading it"
    case .otherDigestThere(let url): "\(url): what arrived there has another SHA-256 than what was sent"
    case .otherSizeThere(let url, let there, let size):
      "\(url): the server has \(there) bytes of it, and there are \(size)"
    case .noBareName(let url): "\(url): the bare-name protocol has no uploads; use http:// or https://"
    case .uploadStopped(let file, let canGoOn):
      canGoOn ? "\(file): stopped; the same command goes on from here" : "\(file): stopped"
    case .folderNeedsFlag(let path): "'\(path)' is a folder; --recursive uploads it with all that is in it"
    case .needsName(let url): "\(url): standard input has no name; end the URL in the one that it is to have"
    case .leftOut(let path): "'\(path)' is neither a file nor a folder, and is left out"
    case .tooDeep(let path, let most): "'\(path)' lies more than \(most) folders deep; upload it by itself"
    case .cannotMakeFolder(let answer): "\(answer); the folder cannot be made there"
    case .someFailed(let path, let count, let first):
      "'\(path)': \(count) of its files failed, the first with: \(first.english)"
    }
  }

  var chinese: String {
    switch self {
    case .shrankMeanwhile(let file): "“\(file)”在发送时变短了；发送期间请不要动它"
    case .changedMeanwhile(let file): "“\(file)”在发送时被改写了；请再运行一次"
    case .existsThere(let url): "\(url) 已存在，而且是另一个文件；用 --on-exists overwrite 或 skip 说明怎么办"
    case .redirectedAway(let url, let location): "\(url)：服务器把上传引向别处（\(location)）；请上传到那里"
    case .refusedThere(let answer): answer
    case .notFoundThere(let answer): "\(answer)；那里有这个文件夹吗？--recursive 会创建文件夹"
    case .noPutThere(let answer): "\(answer)；服务器在这里不接受文件（“sockeye serve”要有 --upload 才接受）"
    case .noRoomThere(let answer): "\(answer)；服务器没有空间存放它"
    case .inUseThere(let answer): "\(answer)；有人正在上传它"
    case .otherDigestThere(let url): "\(url)：到达那里的内容与所发送的 SHA-256 不同"
    case .otherSizeThere(let url, let there, let size): "\(url)：服务器上有 \(there) 字节，而这里有 \(size) 字节"
    case .noBareName(let url): "\(url)：裸文件名协议不能上传；请用 http:// 或 https://"
    case .uploadStopped(let file, let canGoOn): canGoOn ? "\(file)：已停止；再运行同一条命令就会接着上传" : "\(file)：已停止"
    case .folderNeedsFlag(let path): "“\(path)”是文件夹；--recursive 会上传其中的全部内容"
    case .needsName(let url): "\(url)：标准输入没有名字；请让 URL 以它要用的名字结尾"
    case .leftOut(let path): "“\(path)”既不是文件也不是文件夹，已略过"
    case .tooDeep(let path, let most): "“\(path)”所在的文件夹超过 \(most) 层；请单独上传它"
    case .cannotMakeFolder(let answer): "\(answer)；无法在那里创建文件夹"
    case .someFailed(let path, let count, let first): "“\(path)”：其中 \(count) 个文件失败，第一个是：\(first.chinese)"
    }
  }
}

extension Failure {
  /// A failure that one of the sentences about uploads tells.
  init(_ kind: Kind, _ sentence: UploadSentence) { self.init(kind, sentence.phrase) }
}
