hi = Hello
site = https://example.org/en
