hello = Hello! Type /named.
