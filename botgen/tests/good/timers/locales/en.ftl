late = It is late, { $name }.
