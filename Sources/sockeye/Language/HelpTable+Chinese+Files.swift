/// What help says in Chinese of the verbs that serve and fetch files.
extension HelpTable {
  /// What `get` and `put` have in common.
  private static let transfer = [
    "--retry": "没有任何进展时最多再试几次。",
    "--backoff": "再试之前的第一次等待和最长等待。",
    "--connect-timeout": "连接最多花多久。",
    "--rate": "每秒最多多少字节（默认：不限）。",
    "--ca": "信任这个文件里的证书（PEM），而不是系统的证书。",
    "--fingerprint": "只信任 SHA-256 为此值的那一个证书；“serve --tls auto”会打印它。",
    "--insecure": "接受任何证书。",
    "--progress": "怎样显示进度：auto 在终端上是进度条，在别处每几秒一行。",
    "--json": "在标准输出上每行打印一个 JSON 事件。",
    "--quiet": "只说错误。",
    "--header": "给服务器的一个字段，'Name: value'；@FILE 表示权限为 600 的文件里的各行，秘密应写在那里。可以重复。",
    "--auth-file": "以谁的身份：内容为 NAME:PASSWORD 的文件，或 .netrc 那样的条目；权限为 600。",
    "--netrc": "以 ~/.netrc（或 NETRC 指明的文件）里为该主机写的身份；权限为 600。",
    "--netrc-file": "同上，但用另一个文件。",
    "--digest": "只用 Digest 证明密码，从不说出它。",
    "--bearer-file": "权限为 600 的文件，其中的令牌以“Bearer”出示。",
    "--proxy": """
    经由 http://HOST:PORT 或 socks5://HOST:PORT 连接服务器，由它查找名字（默认：按 http_proxy、https_proxy 和 all_proxy）。
    """,
    "--no-proxy": "不经代理连接这些：名字及其下的一切、地址、192.0.2.0/24；“*”表示全部（默认：按 no_proxy）。",
    "--proxy-auth-file": "对代理以谁的身份：权限为 600、内容为 NAME:PASSWORD 的文件。",
  ].merging(network) { own, _ in own }

  static let get = HelpTexts(
    abstract: "通过 HTTP、HTTPS 或裸文件名协议下载文件。",
    discussion: """
      URL 是 http://…、https://… 或 tcp://HOST:PORT/NAME。文件先以 NAME.part 增长，旁边有一份日志；完整、校验过并写到磁盘上之后\
      才得到它的名字。不论因为什么中断了，再运行同一条命令就会接着下载。

        sockeye get https://example.org/big.iso
        sockeye get --checksum sha256:… -d Downloads https://example.org/big.iso
        sockeye get --recursive http://192.0.2.7:8888/photos/
        sockeye get --newer --input urls.txt --checksums SHA256SUMS
        sockeye get --proxy socks5://127.0.0.1:1080 --netrc https://example.org/x
      """,
    arguments: [
      "<url>": "要下载什么。",
      "--output": "要写的文件；“-”是标准输出。",
      "--directory": "下载到这个文件夹；没有就创建。",
      "--on-exists": """
      名字已经被占用时怎么做：fail（失败）、rename（改名）、overwrite（覆盖）或 skip（跳过；但如果服务器的文件长度不同或更新，\
      就替换它）。
      """,
      "--input": "另有 URL 的文件，每行一个；“-”是标准输入。",
      "--mirrors": "把各 URL 当作同一个文件的不同地址（由 --checksum 辨认；写了它，多个 URL 总是这样）：同时从各处下载。",
      "--metalink": "下载 Metalink（文件或 URL）列出的内容，并核对它的摘要。",
      "--newer": "下载与已有文件长度不同、更新或 ETag 不同的内容；保留服务器的时间。",
      "--remote-time": "文件的时间用服务器所说的，而不是现在的。",
      "--recursive": "下载整个文件夹：从“sockeye serve”、从 nginx、Apache、lighttpd 和 caddy 的列表，或通过 WebDAV。",
      "--connections": "每个文件用几个连接，1 到 16（默认：有帮助就增加，最多 4）。",
      "--idle": "服务器最多可以沉默多久。",
      "--checksum": "文件必须具有的摘要：sha256:HEX，或 sha512、sha384；旧的摘要还有 sha1 和 md5。",
      "--checksums": "各文件必须具有的摘要的列表，例如 SHA256SUMS；也可以是 URL。",
      "--trust-server-names": "让服务器通过重定向或 Content-Disposition 决定名字。",
      "--max-redirects": "最多跟随几次重定向。",
      "--allow-ambiguous": "把“1”或空的回答当作文件本身（只用于 tcp://）。",
      "--encoding": "发送名字所用的编码（只用于 tcp://），例如 gbk。",
    ].merging(transfer) { own, _ in own }
  )

  static let put = HelpTexts(
    abstract: "通过 HTTP 或 HTTPS 上传文件。",
    discussion: """
        sockeye put big.iso http://192.0.2.7:8888/
        sockeye put --recursive photos http://192.0.2.7:8888/
        printf 'a note' | sockeye put - http://192.0.2.7:8888/n
        sockeye put --proxy socks5://127.0.0.1:1080 --netrc x https://example.org/in/

      上传到“sockeye serve --upload”，或任何接受 PUT 的服务器。最后一个词是 URL：以斜杠结尾的是文件夹，每个文件在其中用自己的\
      名字；否则它就是文件要用的名字。“-”是标准输入。中断之后再运行同一条命令：服务器保留的部分会接着上传，已经在那里的不会再传。\
      到达的内容会与所发送的对照；服务器给出 SHA-256 时就用它。
      """,
    arguments: [
      "<file>": "要上传什么，“-”是标准输入；然后是 URL。",
      "--recursive": "上传整个文件夹，以点开头的名字除外。",
      "--on-exists": "服务器上已有另一个同名文件时怎么做：fail（失败）、overwrite（覆盖）或 skip（跳过）。",
      "--idle": "服务器最多可以多久什么也不收、什么也不说。",
    ].merging(transfer) { own, _ in own }
  )

  static let serve = HelpTexts(
    abstract: "把一个目录或一些文件放到网络上：HTTP、HTTPS 和裸文件名，都在一个端口上。",
    discussion: """
        sockeye serve .
        sockeye serve --public --upload --tls auto ~/Public
        sockeye serve --public report.pdf photos

      浏览器、curl、wget、aria2 和“sockeye get”都能从这里下载；只会发送一个文件名、然后读到结束的客户端也能。文件夹会列出内容\
      （?json、?plain），也能整个取走（?zip、?tar）；?hash=sha256 给出文件的摘要。除非 --public 或 --listen 另有说明，只有本机\
      能连接。隐藏文件，以及指向目录之外的符号链接，从不提供。

      HUP 使它重新读取证书和密码。服务管理器交来的套接字（LISTEN_FDS）代替 --listen。
      """,
    arguments: [
      "<path>": "要提供的目录；或者一些文件和文件夹，各用自己的名字。在终端上默认为当前目录。",
      "--listen": "在哪里监听（默认：端口 8888，只限本机）。",
      "--public": "让别的机器也能连接：在所有地址的端口 8888 上监听。",
      "--missing": "请求的裸文件名不存在时回答什么：字节 1（one），或什么也不回答（empty）。",
      "--quiet-time": "客户端沉默多久之后，它发来的字节就当作裸文件名。",
      "--tls": "也说 TLS：“auto”制作一次证书，保存它，并打印它的指纹。",
      "--certificate": "也说 TLS，用这条证书链（PEM）。",
      "--key": "证书的私钥（PEM）。",
      "--auth-file": """
      要求提供这个文件里的用户和密码；一行的末尾可以有“:RULES”，例如“read /inbox=read,add”，其中可写 read、add、change、delete、all 和 \
      none（读、增加、更改、删除、全部、没有）。
      """,
      "--add-user": "在 --auth-file 里增加一个用户，询问密码，然后结束。",
      "--webdav": """
      说 WebDAV，文件管理器可以挂载它（davfs2、rclone、Finder、资源管理器）：可以查看，加上 --upload 还可以写；--auth-file 允许删除\
      的用户也可以移动。
      """,
      "--upload": "允许客户端往目录里放文件（PUT）和创建文件夹（MKCOL）。",
      "--on-exists": """
      上传的名字已被占用时怎么做：fail（拒绝）、rename（改用 NAME.1）或 overwrite（完整之后替换原有的；如果有 --auth-file，只限可以\
      更改文件的用户）。
      """,
      "--quota": "上传总共最多可以增加多少（默认：不限）。",
      "--allow": "只接受这些地址（192.0.2.0/24）。",
      "--deny": "拒绝这些地址。",
      "--proxy-from": "对来自这些地址的连接，要求并相信 PROXY 头。",
      "--rate": "每个连接每秒的字节数（默认：不限）。",
      "--max-clients": "同时的连接数；其余的等待（默认：不限）。",
      "--max-per-address": "来自同一地址的同时连接数；其余的被拒绝（默认：不限）。",
      "--request-timeout": "一个请求最多花多久到达。",
      "--idle-timeout": "连接在两个请求之间最多空闲多久。",
      "--stall-timeout": "传输正文时，客户端最多多久什么也不收或什么也不发。",
      "--access-log": "把请求记录到这里；“-”是标准输出（默认：在终端上为标准错误）。",
      "--log-format": "访问日志的格式。",
      "--admin": "在这里回答 /metrics 和 /healthz。",
      "--no-index": "即使文件夹里有 index.html，也用列表来回答。",
      "--fallback": "页面不存在时，给浏览器这个页面（目录中的路径；用于单页应用）。",
      "--path-prefix": "在这个路径之下提供：/files。",
      "--cors": "允许这些来源的页面读取（CORS）：https://a.example，用逗号隔开；“*”表示所有来源。",
      "--no-compress": "文本总是原样发送，即使浏览器等接受压缩（gzip）。",
      "--workers": "分担连接的事件循环数。",
      "--reuse-port": "与其他进程共用端口。",
      "--no-sandbox": "允许进程做它的用户能做的一切，而不只是提供文件所需的（Landlock）。",
      "--verbose": "说明进程受到怎样的限制。",
      "--ready-file": "开始监听后，把所绑定的地址写到这里。",
      "--json": "在标准输出上每行打印一个事件。",
      "--quiet": "只说错误。",
    ].merging(network) { own, _ in own }
  )
}
