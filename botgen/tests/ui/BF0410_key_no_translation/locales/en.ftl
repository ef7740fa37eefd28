hello = Hello!
bye = { hello }
