cmd_start = Begin
cmd-lang = Language
hallo = Hello!
