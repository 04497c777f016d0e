import SockeyeText

/// What the pages say that browsers are given.
enum PageSentence: Sentence {
  case path, top, up
  case search, searchNames
  case wholeAsZip, wholeAsTar
  case name, size, modified
  case bytes(_ count: Int64)
  case noneFound, moreNotShown
  case dropHere, chooseFiles, chooseFolder

  var english: String {
    switch self {
    case .path: "Path"
    case .top: "The top"
    case .up: "The folder above"
    case .search: "Search"
    case .searchNames: "Search names; Enter looks in all folders below"
    case .wholeAsZip: "The whole folder as a zip"
    case .wholeAsTar: "The whole folder as a tar"
    case .name: "Name"
    case .size: "Size"
    case .modified: "Modified"
    case .bytes(let count): "\(count) bytes"
    case .noneFound: "Nothing here has that in its name."
    case .moreNotShown: "There is more than is shown; say more of what you look for."
    case .dropHere: "Drop files and folders here, or"
    case .chooseFiles: "choose files"
    case .chooseFolder: "choose a folder"
    }
  }

  var chinese: String {
    switch self {
    case .path: "路径"
    case .top: "最上层"
    case .up: "上一层文件夹"
    case .search: "搜索"
    case .searchNames: "按名称搜索；回车会在所有下级文件夹里找"
    case .wholeAsZip: "整个文件夹，打包为 zip"
    case .wholeAsTar: "整个文件夹，打包为 tar"
    case .name: "名称"
    case .size: "大小"
    case .modified: "修改时间"
    case .bytes(let count): "\(count) 字节"
    case .noneFound: "没有名称含有这些字的项目。"
    case .moreNotShown: "还有更多没有显示；请把要找的写得更具体。"
    case .dropHere: "把文件和文件夹拖到这里，或"
    case .chooseFiles: "选择文件"
    case .chooseFolder: "选择文件夹"
    }
  }
}
