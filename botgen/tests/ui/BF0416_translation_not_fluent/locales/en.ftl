hello = { $n ->
    [one] one
 }
