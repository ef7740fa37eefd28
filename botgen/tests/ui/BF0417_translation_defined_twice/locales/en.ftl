hello = Hello!
hello = Hi!
