hello = Hello, { name }!
