hello = Hello!
bye = Bye!
