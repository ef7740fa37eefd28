hello = Hello { name }
name = friend { hello }
