-shop = the { $kind } shop
-price = { NUMBER($n, minimumFractionDigits: 2) } €
-firm = Example Inc.
-owner = { -firm } and { $who }
-day = { DATETIME($day, dateStyle: "long") }
-case = { $case ->
    [accusative] them
   *[nominative] they
}
hello = Welcome to { -shop }, { $name }! { -price(n: "3") }, { -price }
    { -owner(who: "sons") } { -day(day: "2026-01-01") } { -case }
