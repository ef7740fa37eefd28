hi = Hello, { $nam }!
again = Again
