import SockeyeText
import SockeyeTransport

/// The sentences in Chinese.
extension DownloadSentence {
  var chinese: String {
    switch self {
    case .credentialsInURL: "凭据不应写在谁都看得见的 URL 里；请用 --auth-file FILE"
    case .badPlace(let url, let reason): "\(url)：服务器指向一个无法下载的地方（\(reason.chinese)）"
    case .badURL(let text): "“\(text)”：只能从 http://、https:// 或 tcp:// 下载"
    case .missingPort(let text): "“\(text)”没有端口；请写 tcp://HOST:PORT/NAME"
    case .badForm(let text, let scheme): "“\(text)”：请写 \(scheme)://HOST:PORT/PATH"
    case .cannotWriteOutput(let reason): "无法写到输出：\(reason.chinese)"
    case .notJournal(let path): "“\(path)”不是 sockeye 的日志；请把它移开"
    case .notUnfinished(let path): "“\(path)”已存在，而且不是 sockeye 未完成的下载；请把它移开"
    case .becameShorter(let path): "“\(path)”变短了；下载期间请不要动它"
    case .appearedMeanwhile(let path, let part): "“\(path)”在此期间出现了；下载的内容在“\(part)”"
    case .isBeingWritten(let path): "另一个下载正在写“\(path)”；请等它完成"
    case .connectionIsClosed(let url): "\(url)：连接已关闭"
    case .unasked(let url): "\(url)：服务器发来了没有人要求的内容"
    case .serverSilent(let url, let seconds): "\(url)：服务器已沉默 \(seconds) s"
    case .closedWithoutAnswer(let url): "\(url)：服务器没有回答就关闭了连接"
    case .connectionCut(let url): "\(url)：连接被切断"
    case .serverClosed(let url): "\(url)：服务器关闭了连接"
    case .stopped(let url): "\(url)：已停止；再运行同一条命令会从这里继续"
    case .endedEarly(let url): "\(url)：各连接在文件完成之前就结束了"
    case .cannotTakeBack(let url, let reason): "\(url)：\(reason.chinese)，而已经写到输出的内容无法收回"
    case .restartedTooOften(let url, let reason): "\(url)：下载重新开始的次数太多，最近一次是因为\(reason.chinese)"
    case .nothingDownloaded(let url): "\(url)：什么也没有下载"
    case .tooShort(let url, let count, let size): "\(url)：\(size) 字节中只来了 \(count) 字节"
    case .cannotRead(let path, let reason): "无法读取“\(path)”：\(reason.chinese)"
    case .passwordsExposed(let path): "“\(path)”里有密码，而别人也能读它；请运行 chmod 600 '\(path)'"
    case .notCredentials(let path): "“\(path)”既没有一行 NAME:PASSWORD，也没有 .netrc 那样的条目"
    case .tooLongForSecrets(let path, let limit): "“\(path)”超过 \(limit) 字节"
    case .openQuote(let path): "“\(path)”：有一个引号没有结束；见 .netrc"
    case .notToken(let path): "“\(path)”不是只有一行令牌"
    case .notField(let text): "“\(text)”：请写 --header 'Name: value'，或用 --header @FILE 给出文件里的各行"
    case .fieldHasControls(let name): "“\(name)”的值里有控制字符，例如换行"
    case .fieldIsOwn(let name): "“\(name)”由下载自己来说；请去掉它"
    case .fieldIsSecret(let name):
      "“\(name)”是秘密，而参数谁都看得见；请用 --header @FILE、--bearer-file 或 --auth-file"
    case .noDigest(let answer): "\(answer)；服务器不支持 Digest；不写 --digest 就会把密码告诉它"
    case .checksumNeedsFile(let algorithm): "\(algorithm) 要对完整的文件计算；请写到文件，或给出文件的 SHA-256"
    case .notChecksums(let source): "“\(source)”里没有 sha256sum 或 BSD 的 sha256 所写的那种摘要行"
    case .notInChecksums(let url, let source): "\(url)：“\(source)”里没有它的摘要"
    case .twiceInChecksums(let url, let source): "\(url)：“\(source)”里有它的两个互相矛盾的摘要"
    case .notMetalink(let source): "“\(source)”不是 Metalink（RFC 5854），或者含有不接受的内容"
    case .noDigestInMetalink(let name): "“\(name)”：Metalink 里没有这里认识的摘要"
    case .noPlaceInMetalink(let name): "“\(name)”：Metalink 里没有它的 http:// 或 https:// 地址"
    case .someOfMetalinkFailed(let source, let count, let first):
      "“\(source)”：其中 \(count) 个文件失败了，第一个是：\(first.chinese)"
    case .otherFileThere(let url): "\(url)：那里的文件长度或摘要不同"
    case .slowPlace(let url): "\(url) 太慢；其余部分由别处下载"
    case .placeLeft(let failure): "\(failure.chinese)；其他地址继续"
    case .nextPlace(let failure, let next): "\(failure.chinese)；改向 \(next) 请求"
    case .credentialsInProxy: "凭据不应写在谁都看得见的参数里；请用 --proxy-auth-file FILE"
    case .proxyAsks(let answer): "\(answer)；用 --proxy-auth-file FILE 告诉代理你是谁"
    case .nothingFollows(let path, let word): "“\(path)”：“\(word)”后面什么也没有"
    case .notUnderstood(let path, let word): "“\(path)”：看不懂“\(word)”；见 .netrc"
    case .headersTooLong(let url): "\(url)：服务器的头字段太长"
    case .notHTTP(let url, let reason): "\(url)：服务器的回答不是 HTTP（\(reason)）"
    case .cutInHandshake(let url): "\(url)：服务器在 TLS 握手的中途断开了连接；它说 TLS 吗？"
    case .serverReset(let url): "\(url)：服务器复位了连接"
    case .failed(let url, let reason): "\(url)：\(reason)"
    case .tooManyRedirects(let url, let most): "\(url)：重定向超过 \(most) 次；服务器让我们绕圈子"
    case .redirectToNowhere(let url): "\(url)：服务器要重定向，却没有说去哪里"
    case .unaskedCoding(let url, let names): "\(url)：服务器用没有要求过的方式打包它发送的内容（\(names)）"
    case .noListings(let url): "\(url)：裸文件名协议没有列表；--recursive 用于 http:// 和 https://"
    case .someFailed(let url, let count, let first): "\(url)：其中 \(count) 个文件失败了，第一个是：\(first.chinese)"
    case .tooManyFiles(let url, let most): "\(url)：文件超过 \(most) 个；请逐个下载其中的文件夹"
    case .tooDeep(let url, let most): "\(url)：文件夹的层数超过 \(most)；请单独下载它"
    case .noListing(let url): "\(url)：服务器发来的不是这里认识的文件夹列表；请写出文件的名字"
    case .answerTooLong(let url, let limit): "\(url)：回答超过 \(limit) 字节"
    case .bodyTooLong(let url): "\(url)：正文比服务器所说的长"
    case .noSignOfSame: "服务器没有给出辨认同一个文件的依据"
    case .answersWhole(let url, let status): "\(url)：请求整个文件，服务器却回答 \(status)"
    case .partUnasked(let url): "\(url)：服务器没有被要求就发来一部分"
    case .otherSizeThanListed(let url, let size, let listed): "\(url)：来了 \(size) 字节，而服务器列出的是 \(listed)；请再试一次"
    case .keptPacked(let url, let coding): "\(url)：服务器发来的文件是打包的（\(coding)）；照原样保存"
    case .noEncoding(let name): "没有编码“\(name)”；“iconv -l”列出所有编码"
    case .cannotEncode(let name, let encoding): "“\(name)”无法用 \(encoding) 表示"
    case .exists(let path): "“\(path)”已存在；用 --on-exists rename、overwrite 或 skip 说明怎么做"
    case .isReplaced(let path): "“\(path)”与服务器现在的文件不同，将被替换"
    case .begunElsewhere: "已有的内容是从另一个 URL 开始下载的"
    case .diskDiffers: "磁盘上的内容不是当初写下的"
    case .otherDigest: "已有的内容不具有所要的摘要"
    case .appeared(let path): "“\(path)”在此期间出现了；保持原样"
    case .certificateOfOther(let url, let host): "\(url)：证书属于 \(host) 之外的名字；请检查名字，或用 --fingerprint 指明哪个证书是对的"
    case .certificateExpired(let url, let host, let date): "\(url)：\(host) 的证书已于 \(date) 过期；应由它的主人更新"
    case .certificateNotYetValid(let url, let host, let date): "\(url)：\(host) 的证书从 \(date) 起才有效；请检查本机的时钟"
    case .noSignOfPart: "服务器没有给出辨认文件一部分的依据"
    case .noParts: "服务器不能只发送文件的一部分"
    case .fileChanged: "服务器上的文件变了"
    case .otherPart(let url): "\(url)：服务器发来的不是所要求的那一部分"
    case .partOfUnknown(let url): "\(url)：服务器发来一部分，却没有说整体有多大"
    case .unprovedPart: "服务器没有表明它发来的部分属于同一个文件"
    case .partWithoutLength: "服务器没有说它发来的部分有多长"
    case .partOfOtherLength(let url): "\(url)：服务器发来的部分与它所说的长度不符"
    case .noSuchPart: "服务器上已经没有文件的那一部分"
    case .refusesPart(let url): "\(url)：服务器拒绝给出它明明有的那一部分"
    case .somethingElse(let url, let new, let old): "\(url)：服务器回答的不是它开始发送的那个文件（是 \(new)，而不是 \(old)）"
    case .noFileName: "这个地方没有自己的文件名；请用 -o NAME 选一个"
    case .unsafeName(let name): "名字“\(name)”不安全；请用 -o NAME 选一个"
    case .cannotWriteTo(let path, let reason): "无法写到“\(path)”：\(reason.chinese)"
    case .isFolder(let path): "“\(path)”是文件夹；要下载到其中，请用 -d"
    case .notFileName(let path): "“\(path)”不是文件的名字，或者太长"
    case .cannotOpenFolder(let path, let reason): "无法打开文件夹“\(path)”：\(reason.chinese)；请创建它，或换一个"
    case .cannotCreateFolder(let path, let reason): "无法创建文件夹“\(path)”：\(reason.chinese)"
    case .cannotOpenSubfolder(let path, let reason): "无法打开文件夹“\(path)”：\(reason.chinese)"
    case .notFolder(let path): "“\(path)”是文件或链接，而不是文件夹；请把它移开"
    case .notRegular(let path): "“\(path)”不是普通文件；请把它移开"
    case .notOwnRegular(let path): "“\(path)”不是这个用户的普通文件；请把它移开"
    case .cannotReadCertificates(let path): "无法从“\(path)”读取证书；--ca 需要 PEM 格式的文件"
    case .closedAtOnce(let url): "\(url)：连接立即被关闭"
    case .handshakeTooSlow(let url, let seconds): "\(url)：TLS 握手超过了 \(seconds) s；--connect-timeout 可以放宽"
    case .because(let url, let reason):
      "\(url)：\(reason.chinese)"
    case .beginAnew(let failure, let part):
      "\(failure.chinese)；再运行同一条命令会继续；要重新开始，请删除“\(part)”和“\(part).journal”"
    case .otherThanServers(let url, let digest, let expected):
      "\(url)：SHA-256 是 \(digest)，而服务器给出的是 \(expected)；不给它应有的名字"
    case .otherThanAskedFor(let url, let found, let expected):
      "\(url)：文件的摘要是 \(found)，而要求的是 \(expected)；不给它应有的名字"
    case .redirectToPlain(let url, let next):
      "\(url)：服务器重定向到 \(next)，那里不加密；如果就要这样，请直接下载 \(next)"
    case .redirectElsewhere(let url, let next):
      "\(url)：服务器重定向到 \(next)，那里不是 HTTP"
    case .needsCredentials(let answer):
      "\(answer)；用 --auth-file FILE 说明你是谁"
    case .badCredentials(let answer):
      "\(answer)；请检查 --auth-file"
    case .notFound(let answer):
      "\(answer)；请检查路径"
    case .cutAfter(let url, let position, let end):
      "\(url)：连接在第 \(position) 字节之后被切断\(end.map { "，共 \($0) 字节" } ?? "")"
    case .cannotLookAt(let path, let reason):
      "无法查看“\(path)”：\(reason.chinese)"
    case .cannotOpen(let path, let reason):
      "无法打开“\(path)”：\(reason.chinese)"
    case .cannotWrite(let path, let reason):
      "无法写入“\(path)”：\(reason.chinese)"
    case .cannotCreate(let path, let reason):
      "无法创建“\(path)”：\(reason.chinese)"
    case .cannotRename(let from, let path, let reason):
      "无法把“\(from)”改名为“\(path)”：\(reason.chinese)"
    case .noSpace:
      "磁盘已满；请腾出空间，再运行一次"
    case .ambiguousNothing(let url):
      "\(url)：服务器什么也没有回答：在这个协议里这表示“没有找到”，也可能是空文件；--allow-ambiguous 把它当作文件"
    case .ambiguousByte(let url):
      "\(url)：服务器只回答了一个字节“1”：在这个协议里这表示“没有找到”，也可能是只有这一个字节的文件；"
        + "--allow-ambiguous 把它当作文件"
    case .tlsFailed(let url, let problem):
      "\(url)：\(problem.chinese)"
    }
  }
}
