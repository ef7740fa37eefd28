hello = Hello, { $name }! { $n ->
    [one] One letter.
   *[other] Letters.
}
