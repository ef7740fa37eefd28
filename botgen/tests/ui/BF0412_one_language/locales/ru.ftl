hi = Привет, { $name }!
again = Снова
