timeout = It is late, { $name }.
