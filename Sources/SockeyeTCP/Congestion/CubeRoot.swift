extension UInt64 {
  /// The greatest integer whose cube is not above this one.
  ///
  /// Found bit by bit from the top, so it is exact: a table with one refinement, as others have it, is off by
  /// up to 6 % where the argument is small, which is where a window grows most carefully.
  var cubeRoot: UInt64 {
    var remainder = self
    var root: UInt64 = 0
    // With root = the bits found so far, doubled, the next bit b holds if 3·root·(root + 1) + 1 still fits
    // into what remains at its place. root stays below 2²², so nothing overflows.
    for shift in stride(from: 63, through: 0, by: -3) {
      root <<= 1
      let step = 3 * root * (root + 1) + 1
      if remainder >> UInt64(shift) >= step {
        remainder -= step << UInt64(shift)
        root += 1
      }
    }
    return root
  }
}
