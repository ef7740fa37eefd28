bf-unknown = {""}
bf-no = { "" }
