/// A language that people are spoken to in. States, flags, fields and all that programs read keep their names in each.
public enum Language: String, CaseIterable, Sendable {
  /// English.
  case english = "en"
  /// Chinese, in simplified characters.
  case chinese = "zh"

  /// The language of a locale's name, such as `zh_CN.UTF-8`; English for all that isn't Chinese.
  public init(locale: String) {
    let name = locale.prefix { !"_.@-".contains($0) }
    self = name.lowercased() == "zh" ? .chinese : .english
  }

  /// The language of the locale that an environment names.
  ///
  /// - Parameter variable: Gives an environment variable's value. POSIX has the first one that is set and not empty
  ///   decide, of `LC_ALL`, `LC_MESSAGES` and `LANG`.
  public init(environment variable: (String) -> String?) {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap(variable).first { !$0.isEmpty }
    self.init(locale: locale ?? "")
  }
}
