goods = { $n ->
    [one] one thing
    [few] some things
   *[other] many things
 }
