total = { NUMER($n) } { NUMBER() } { NUMBER($n, 2) } { NUMBER($n, digits: 2) }
    { NUMBER($n, minimumFractionDigits: "x") } { NUMBER($n, minimumFractionDigits: 30) }
    { NUMBER($n, minimumFractionDigits: 3, maximumFractionDigits: 2) } { NUMBER($n, currency: "EUR") }
    { NUMBER($n, style: "currency") } { NUMBER($n, style: "currency", currency: "euro") } { NUMBER("5") }
    { NUMBER($n, useGrouping: "no") } { NUMBER($n, type: "plural") }
    { DATETIME($at, dateStyle: "tiny") } { DATETIME($at, month: "long") } { DATETIME($at, pattern: "qq") }
