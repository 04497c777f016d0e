extension CRC {
  /// The algorithms known by name: those of 8, 16 and 32 bits that are in use, with the names and parameters of the
  /// catalogue of parametrised CRC algorithms. The reflections of input and output are the same in all of them.
  public static let catalogue: [CRC] = [
    CRC("CRC-8/SMBUS", 8, 0x07, 0x00, false, 0x00, 0xF4),
    CRC("CRC-8/MAXIM-DOW", 8, 0x31, 0x00, true, 0x00, 0xA1),
    CRC("CRC-8/SAE-J1850", 8, 0x1D, 0xFF, false, 0xFF, 0x4B),
    CRC("CRC-8/AUTOSAR", 8, 0x2F, 0xFF, false, 0xFF, 0xDF),
    CRC("CRC-8/BLUETOOTH", 8, 0xA7, 0x00, true, 0x00, 0x26),
    CRC("CRC-8/CDMA2000", 8, 0x9B, 0xFF, false, 0x00, 0xDA),
    CRC("CRC-8/DARC", 8, 0x39, 0x00, true, 0x00, 0x15),
    CRC("CRC-8/DVB-S2", 8, 0xD5, 0x00, false, 0x00, 0xBC),
    CRC("CRC-8/I-432-1", 8, 0x07, 0x00, false, 0x55, 0xA1),
    CRC("CRC-8/I-CODE", 8, 0x1D, 0xFD, false, 0x00, 0x7E),
    CRC("CRC-8/NRSC-5", 8, 0x31, 0xFF, false, 0x00, 0xF7),
    CRC("CRC-8/ROHC", 8, 0x07, 0xFF, true, 0x00, 0xD0),
    CRC("CRC-8/TECH-3250", 8, 0x1D, 0xFF, true, 0x00, 0x97),
    CRC("CRC-8/WCDMA", 8, 0x9B, 0x00, true, 0x00, 0x25),
    CRC("CRC-16/ARC", 16, 0x8005, 0x0000, true, 0x0000, 0xBB3D),
    CRC("CRC-16/CDMA2000", 16, 0xC867, 0xFFFF, false, 0x0000, 0x4C06),
    CRC("CRC-16/CMS", 16, 0x8005, 0xFFFF, false, 0x0000, 0xAEE7),
    CRC("CRC-16/DECT-X", 16, 0x0589, 0x0000, false, 0x0000, 0x007F),
    CRC("CRC-16/DNP", 16, 0x3D65, 0x0000, true, 0xFFFF, 0xEA82),
    CRC("CRC-16/EN-13757", 16, 0x3D65, 0x0000, false, 0xFFFF, 0xC2B7),
    CRC("CRC-16/GENIBUS", 16, 0x1021, 0xFFFF, false, 0xFFFF, 0xD64E),
    CRC("CRC-16/IBM-3740", 16, 0x1021, 0xFFFF, false, 0x0000, 0x29B1),
    CRC("CRC-16/IBM-SDLC", 16, 0x1021, 0xFFFF, true, 0xFFFF, 0x906E),
    CRC("CRC-16/KERMIT", 16, 0x1021, 0x0000, true, 0x0000, 0x2189),
    CRC("CRC-16/MAXIM-DOW", 16, 0x8005, 0x0000, true, 0xFFFF, 0x44C2),
    CRC("CRC-16/MCRF4XX", 16, 0x1021, 0xFFFF, true, 0x0000, 0x6F91),
    CRC("CRC-16/MODBUS", 16, 0x8005, 0xFFFF, true, 0x0000, 0x4B37),
    CRC("CRC-16/PROFIBUS", 16, 0x1DCF, 0xFFFF, false, 0xFFFF, 0xA819),
    CRC("CRC-16/SPI-FUJITSU", 16, 0x1021, 0x1D0F, false, 0x0000, 0xE5CC),
    CRC("CRC-16/T10-DIF", 16, 0x8BB7, 0x0000, false, 0x0000, 0xD0DB),
    CRC("CRC-16/UMTS", 16, 0x8005, 0x0000, false, 0x0000, 0xFEE8),
    CRC("CRC-16/USB", 16, 0x8005, 0xFFFF, true, 0xFFFF, 0xB4C8),
    CRC("CRC-16/XMODEM", 16, 0x1021, 0x0000, false, 0x0000, 0x31C3),
    .crc32,
    CRC("CRC-32/AIXM", 32, 0x8141_41AB, 0x0000_0000, false, 0x0000_0000, 0x3010_BF7F),
    CRC("CRC-32/AUTOSAR", 32, 0xF4AC_FB13, 0xFFFF_FFFF, true, 0xFFFF_FFFF, 0x1697_D06A),
    CRC("CRC-32/BASE91-D", 32, 0xA833_982B, 0xFFFF_FFFF, true, 0xFFFF_FFFF, 0x8731_5576),
    CRC("CRC-32/BZIP2", 32, 0x04C1_1DB7, 0xFFFF_FFFF, false, 0xFFFF_FFFF, 0xFC89_1918),
    CRC("CRC-32/CKSUM", 32, 0x04C1_1DB7, 0x0000_0000, false, 0xFFFF_FFFF, 0x765E_7680),
    CRC("CRC-32/ISCSI", 32, 0x1EDC_6F41, 0xFFFF_FFFF, true, 0xFFFF_FFFF, 0xE306_9283),
    CRC("CRC-32/JAMCRC", 32, 0x04C1_1DB7, 0xFFFF_FFFF, true, 0x0000_0000, 0x340B_C6D9),
    CRC("CRC-32/MPEG-2", 32, 0x04C1_1DB7, 0xFFFF_FFFF, false, 0x0000_0000, 0x0376_E6E7),
    CRC("CRC-32/XFER", 32, 0x0000_00AF, 0x0000_0000, false, 0x0000_0000, 0xBD0B_E338),
  ]

  /// The CRC-32 of zip files, Ethernet and PNG.
  public static let crc32 = CRC("CRC-32/ISO-HDLC", 32, 0x04C1_1DB7, 0xFFFF_FFFF, true, 0xFFFF_FFFF, 0xCBF4_3926)

  /// Other names that the same algorithms go by.
  public static let aliases: [String: String] = [
    "CRC-16": "CRC-16/ARC",
    "CRC-16/AUG-CCITT": "CRC-16/SPI-FUJITSU",
    "CRC-16/BUYPASS": "CRC-16/UMTS",
    "CRC-16/CCITT": "CRC-16/KERMIT",
    "CRC-16/CCITT-FALSE": "CRC-16/IBM-3740",
    "CRC-16/MAXIM": "CRC-16/MAXIM-DOW",
    "CRC-16/X-25": "CRC-16/IBM-SDLC",
    "CRC-32": "CRC-32/ISO-HDLC",
    "CRC-32/POSIX": "CRC-32/CKSUM",
    "CRC-32C": "CRC-32/ISCSI",
    "CRC-8": "CRC-8/SMBUS",
    "CRC-8/EBU": "CRC-8/TECH-3250",
    "CRC-8/ITU": "CRC-8/I-432-1",
    "CRC-8/MAXIM": "CRC-8/MAXIM-DOW",
    "KERMIT": "CRC-16/KERMIT",
    "MODBUS": "CRC-16/MODBUS",
    "XMODEM": "CRC-16/XMODEM",
  ]

  /// Finds an algorithm of the catalogue.
  ///
  /// - Parameter name: A name of the catalogue or an alias, in any case, with or without punctuation.
  public static func named(_ name: String) -> CRC? {
    let wanted = simplified(name)
    let alias = aliases.first { simplified($0.key) == wanted }?.value
    let target = alias.map(simplified) ?? wanted
    return catalogue.first { simplified($0.name) == target }
  }

  private static func simplified(_ name: String) -> String {
    name.lowercased().filter { $0.isLetter || $0.isNumber }
  }

  private init(
    _ name: String,
    _ width: Int,
    _ polynomial: UInt32,
    _ initialValue: UInt32,
    _ isReflected: Bool,
    _ finalXOR: UInt32,
    _ check: UInt32
  ) {
    self.name = name
    self.width = width
    self.polynomial = polynomial
    self.initialValue = initialValue
    self.isReflected = isReflected
    self.finalXOR = finalXOR
    self.check = check
  }
}
