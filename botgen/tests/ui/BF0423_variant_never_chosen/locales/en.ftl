got = { $kind ->
    [rad] a red one
   *[blue] a blue one
 }
