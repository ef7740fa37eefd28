-shop = { $case ->
    [genitive] the shop's
   *[nominative] the shop
}
hello = { -shop(case: "genitiv") } hours, by { -shop(kase: "nominative") }
