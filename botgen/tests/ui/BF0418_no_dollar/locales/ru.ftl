hello = Привет, { $name }!
