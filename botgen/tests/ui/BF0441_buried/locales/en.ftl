opening = We are open on { DATETIME($day) }.
help = Help
