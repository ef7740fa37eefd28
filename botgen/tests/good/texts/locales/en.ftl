-brand = Brand { $x ->
   *[a] A
    [b] B
 }
hi = Hello, {-brand(x: "b")}!
hi2 = Hello, {-brand(x: "b")}\!
d = desc
help = <b>help</b> { $n } 
    .attr = attr { NUMBER($n, minimumFractionDigits: 2) } { $n ->
        [0] zero
        [one] one
        [few] few
       *[other] many
    }
b = But { $n }
to = Toast { $n }
md = { $n } { $m } { DATETIME($d, dateStyle: "long") } { hi }
fb = what { $x }?
